-- SCEP: the RSA key pair of the registration authority, shared by the replicas, sealed under the master key; and codes that
-- are found by themselves, since SCEP names no device.
create table scep_ra (
  id          uuid        primary key,
  issuer      text        not null,
  certificate bytea       not null,
  sealed_key  bytea       not null,
  not_before  timestamptz not null,
  not_after   timestamptz not null,
  created_at  timestamptz not null
);

-- Unique, so that a code names one device.
create unique index enrolment_code_by_hash on enrolment_code (code_hash);
create index enrolment_code_by_key on enrolment_code (bound_spki) where bound_spki is not null;

grant select, insert, delete on scep_ra to ${appRole};
