-- Run by Flyway as the owner role. The service signs in as ${appRole}, which owns nothing and has no DDL.

-- ---------------------------------------------------------------- trust
-- CA certificates: anchors, and the intermediates below them. A path names rows of this table up to its anchor.
create table ca_certificate (
  id          uuid        primary key,
  thumbprint  bytea       not null unique,
  role        text        not null check (role in ('anchor', 'intermediate')),
  state       text        not null check (state in ('trusted', 'removed', 'revoked')),
  source      text        not null check (source in ('authority', 'file', 'presented')),
  subject     text        not null,
  not_before  timestamptz not null,
  not_after   timestamptz not null,
  der         bytea       not null,
  created_at  timestamptz not null,
  changed_at  timestamptz not null
);

-- ---------------------------------------------------------------- registry
-- epoch is raised by whatever worsens a standing: a grant decided on another epoch is dead.
create table device (
  id          uuid        primary key,
  name        text        not null,
  owner       text,
  kind        text        not null
              check (kind in ('laptop', 'phone', 'server', 'iot', 'partner', 'networkAccessServer')),
  state       text        not null
              check (state in ('pending', 'active', 'suspended', 'quarantined', 'retired')),
  segments    text[]      not null default '{}',
  labels      jsonb       not null default '{}',
  identifiers text[]      not null default '{}',
  external_id text        unique,
  epoch       bigint      not null default 0,
  version     bigint      not null default 0,
  created_at  timestamptz not null
);

create table certificate (
  thumbprint     bytea       primary key,
  device_id      uuid        not null references device (id),
  issuer         text        not null,
  issuer_key     bytea       not null,
  serial         text        not null,
  subject        text        not null,
  not_before     timestamptz not null,
  not_after      timestamptz not null,
  path           uuid[]      not null,
  path_not_after timestamptz not null,
  sans           text[]      not null default '{}',
  spki           bytea       not null,
  source         text        not null check (source in ('issued', 'attached')),
  epoch          bigint      not null default 0,
  der            bytea       not null,
  mac            bytea       not null,
  created_at     timestamptz not null,
  unique (issuer_key, serial)
);
create index certificate_of_device on certificate (device_id);

-- ---------------------------------------------------------------- revocation
-- Keyed as RFC 5280 names a certificate; it may be one that was never registered here.
create table revocation (
  issuer_key bytea       not null,
  serial     text        not null,
  issuer     text        not null,
  thumbprint bytea,
  spki       bytea,
  device_id  uuid,
  reason     text        not null,
  comment    text,
  revoked_at timestamptz not null,
  revoked_by text        not null,
  primary key (issuer_key, serial)
);
create index revocation_of_device on revocation (device_id);
create index revocation_compromised_key on revocation (spki) where reason = 'keyCompromise';

-- The one change a revocation can undergo: its reason becomes the worst. The service may call this and not update.
create function revocation_key_compromised(its_issuer_key bytea, its_serial text, new_comment text) returns boolean
  language sql security definer set search_path = public, pg_temp as
$$
  with worse as (
    update revocation set reason = 'keyCompromise', comment = coalesce(new_comment, comment)
    where issuer_key = its_issuer_key and serial = its_serial and reason <> 'keyCompromise'
    returning 1)
  select exists (select from worse)
$$;
revoke all on function revocation_key_compromised(bytea, text, text) from public;

-- ---------------------------------------------------------------- grant
create table session_grant (
  id                uuid        primary key,
  decision_id       uuid        not null,
  device_id         uuid        not null,
  thumbprint        bytea       not null,
  device_epoch      bigint      not null,
  certificate_epoch bigint      not null,
  segments          text[]      not null,
  issued_at         timestamptz not null,
  expires_at        timestamptz not null,
  ended_at          timestamptz,
  end_reason        text
);
create index session_grant_of_certificate on session_grant (thumbprint);

-- The public halves of the replicas' signing keys; a row counts only while its MAC holds.
create table signing_key (
  kid            text        primary key,
  replica        text        not null,
  public_jwk     text        not null,
  signs_from     timestamptz not null,
  signs_until    timestamptz not null,
  verifies_until timestamptz not null,
  mac            bytea       not null
);

-- ---------------------------------------------------------------- audit
-- canonical holds the record (RFC 8785) with personal fields as salted hashes; the other columns are an index of it,
-- and personal holds those fields in the clear, so that they can be erased without touching what was signed.
create table audit_record (
  id         uuid        primary key,
  at         timestamptz not null,
  kind       text        not null check (kind in ('decision', 'change')),
  door       text,
  outcome    text,
  reasons    text[]      not null default '{}',
  device_id  uuid,
  thumbprint bytea,
  source     inet,
  actor      text,
  count      integer     not null default 1 check (count > 0),
  replica    text        not null,
  canonical  bytea       not null,
  salt       bytea       not null,
  personal   jsonb       not null default '{}'
);
create index audit_record_of_device on audit_record (device_id, id) where device_id is not null;
create index audit_record_not_admitted on audit_record (outcome, id) where outcome <> 'admitted';

-- ---------------------------------------------------------------- feed
-- The counter row makes seq commit-ordered and gapless: it stays locked from the update until commit.
create table change_head (
  only_row boolean primary key default true check (only_row),
  seq      bigint  not null
);
insert into change_head (seq) values (0);
create table change (
  seq     bigint      primary key,
  kind    text        not null,
  subject text        not null,
  at      timestamptz not null
);

-- ---------------------------------------------------------------- authority
create table enrolment_code (
  id          uuid        primary key,
  device_id   uuid        not null references device (id),
  code_hash   bytea       not null,
  created_at  timestamptz not null,
  created_by  text        not null,
  expires_at  timestamptz not null,
  bound_spki  bytea,
  issued      bytea,
  used_at     timestamptz,
  voided_at   timestamptz
);
create index enrolment_code_of_device on enrolment_code (device_id);

create table issuance (
  serial      text        not null,
  issuer_key  bytea       not null,
  thumbprint  bytea       not null unique,
  device_id   uuid        not null,
  profile     text        not null,
  asked_by    text        not null,
  issued_at   timestamptz not null,
  not_after   timestamptz not null,
  crl_shard   integer     not null,
  primary key (issuer_key, serial)
);

-- The number of the last CRL of each issuing CA and shard, shared by the replicas.
create table crl_number (
  issuer_key bytea   not null,
  shard      integer not null,
  number     bigint  not null,
  primary key (issuer_key, shard)
);

-- ---------------------------------------------------------------- operators
create table operator (
  id            uuid        primary key,
  name          text        not null unique,
  password_hash text        not null,
  role          text        not null check (role in ('owner', 'operator', 'helpdesk', 'auditor', 'network')),
  state         text        not null default 'active' check (state in ('active', 'disabled')),
  version       bigint      not null default 0,
  created_at    timestamptz not null,
  password_changed_at timestamptz not null
);

create table api_token (
  id           uuid        primary key,
  name         text        not null,
  token_hash   bytea       not null unique,
  scopes       text[]      not null,
  audiences    text[]      not null default '{}',
  created_by   text        not null,
  created_at   timestamptz not null,
  expires_at   timestamptz not null,
  last_used_at timestamptz,
  ended_at     timestamptz
);

-- Failed sign-ins and code attempts, counted here because replicas share them.
create table failed_attempt (
  subject      text        not null,
  window_start timestamptz not null,
  count        integer     not null,
  primary key (subject, window_start)
);

-- ---------------------------------------------------------------- what the service may do
grant select, insert, update on
  ca_certificate, device, certificate, signing_key, enrolment_code, crl_number, operator, api_token, failed_attempt, change_head
  to ${appRole};
grant select, insert on revocation, issuance, change to ${appRole};
grant execute on function revocation_key_compromised(bytea, text, text) to ${appRole};
grant select, insert, update, delete on session_grant to ${appRole};
grant delete on signing_key, failed_attempt, change to ${appRole};
-- No update, no delete, no truncate: the service can't rewrite its own log.
grant select, insert on audit_record to ${appRole};
