-- What the issuers of outside CAs say about revocation: their CRLs and OCSP answers, kept as dated evidence.

-- One place a list comes from, under one anchor, and the list in force. Two anchors that share a URL have a row each:
-- an anchor's evidence is never another's. Columns from issuer on are null until a list was accepted.
create table crl_source (
  id              uuid        primary key,
  anchor          uuid        not null references ca_certificate (id),
  url             text        not null,
  origin          text        not null check (origin in ('distributionPoint', 'configured', 'uploaded')),
  -- whether a delta is expected there; null where an operator's URL or upload decides by itself
  delta           boolean,
  created_at      timestamptz not null,
  -- fetching; next_fetch_at is null for what operators upload
  next_fetch_at   timestamptz,
  leased_by       text,
  leased_until    timestamptz,
  attempted_at    timestamptz,
  fetched_at      timestamptz,
  etag            text,
  last_modified   text,
  failures        integer     not null default 0,
  failure         text,
  failure_detail  text,
  failing_since   timestamptz,
  -- the list in force
  generation      bigint,
  issuer          text,
  issuer_key      bytea,
  signer_key_id   text,
  number          numeric,
  base_number     numeric,
  this_update     timestamptz,
  next_update     timestamptz,
  entries         bigint,
  points          text[],
  only_user_certs boolean,
  only_ca_certs   boolean,
  freshest        text[],
  sha256          bytea,
  loaded_at       timestamptz,
  unique (anchor, url)
);
create index crl_source_due on crl_source (next_fetch_at);
create index crl_source_of_issuer on crl_source (anchor, issuer_key) where generation is not null;

-- The entries of one load of one list. A load is written unseen, in pieces, and comes into force when crl_source
-- names it; the one before is then dropped, in pieces.
create table crl_generation (
  id         bigint      generated always as identity primary key,
  source     uuid        not null,
  state      text        not null check (state in ('loading', 'current', 'retired')),
  changed_at timestamptz not null
);
create table crl_entry (
  generation bigint      not null,
  serial     bytea       not null,
  reason     smallint    not null,
  revoked_at timestamptz not null
);
-- Not unique: an issuer may name a serial twice, and then the worse counts.
create index crl_entry_serial on crl_entry (generation, serial);

-- Registered certificates that a list named newly and whose grants and connections are still to be ended.
create table crl_listed (
  thumbprint bytea       primary key,
  anchor     uuid        not null,
  evidence   text        not null,
  reason     text        not null,
  listed_at  timestamptz not null
);

create table ocsp_answer (
  anchor      uuid        not null,
  issuer_key  bytea       not null,
  serial      text        not null,
  issuer      text        not null,
  status      text        not null check (status in ('good', 'revoked', 'unknown')),
  reason      text,
  revoked_at  timestamptz,
  produced_at timestamptz not null,
  this_update timestamptz not null,
  next_update timestamptz,
  asked_at    timestamptz not null,
  primary key (anchor, issuer_key, serial)
);

grant select, insert, update, delete on
  crl_source, crl_generation, crl_entry, crl_listed, ocsp_answer
  to ${appRole};
