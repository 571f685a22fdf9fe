-- ---------------------------------------------------------------- authority: published CRLs
-- What the lists lack: a certificate whose revocation committed and was not taken into a list yet. It is an outbox and
-- not a "since": neither revoked_at nor an identity is commit-ordered, while a row of this table is either seen and
-- taken, or stays for the next list. There is no uniqueness on purpose: a revocation must never wait for a publisher.
create table crl_pending (
  id         bigint generated always as identity primary key,
  issuer_key bytea  not null,
  serial     text   not null,
  noted_at   timestamptz not null default now()
);
create index crl_pending_of_issuer on crl_pending (issuer_key, id);

create function crl_note_pending() returns trigger
  language plpgsql security definer set search_path = public, pg_temp as
$$
begin
  insert into crl_pending (issuer_key, serial) values (new.issuer_key, new.serial);
  return null;
end
$$;
revoke all on function crl_note_pending() from public;
create trigger revocation_is_pending after insert or update of reason on revocation
  for each row execute function crl_note_pending();

-- Encoded entries, in pieces that later lists reuse; written once, never changed.
create table crl_chunk (
  id         bigint  generated always as identity primary key,
  issuer_key bytea   not null,
  shard      integer not null,
  entries    integer not null check (entries > 0),
  der        bytea   not null check (octet_length(der) between 1 and 262144)
);
alter table crl_chunk alter column der set storage external;
create index crl_chunk_of_shard on crl_chunk (issuer_key, shard);

-- A list is its prefix, its chunks in their order, its suffix. The last number of each is in crl_number.
create table crl (
  issuer_key  bytea       not null,
  shard       integer     not null,
  number      bigint      not null,
  this_update timestamptz not null,
  next_update timestamptz not null,
  built_at    timestamptz not null,
  entries     bigint      not null,
  length      bigint      not null,
  sha256      bytea       not null,
  prefix      bytea       not null,
  chunks      bigint[]    not null,
  suffix      bytea       not null,
  primary key (issuer_key, shard, number)
);

grant select, insert, delete on crl, crl_chunk to ${appRole};
grant select, delete on crl_pending to ${appRole};
