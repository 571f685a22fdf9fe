-- ---------------------------------------------------------------- renewal
-- The end that a renewal puts to the certificate it replaced; null while nothing replaced it. It only ever moves nearer.
alter table certificate add column ends_at timestamptz;
create index certificate_ending on certificate (ends_at) where ends_at is not null;

create table renewal (
  thumbprint bytea       primary key,
  replaced   bytea       not null,
  device_id  uuid        not null references device (id),
  spki       bytea       not null,
  at         timestamptz not null
);
create index renewal_of_certificate on renewal (replaced);
create index renewal_of_device on renewal (device_id, at);

-- ---------------------------------------------------------------- enrolment
alter table enrolment_code add column key_protection text not null default 'software'
  check (key_protection in ('software', 'hardware'));

-- A request without a code, for an operator to approve. spki is the SHA-256 of its key, which the operator compares.
create table enrolment_request (
  id             uuid        primary key,
  device_id      uuid        not null references device (id),
  spki           bytea       not null,
  source         inet        not null,
  source_network inet        not null,
  created_at     timestamptz not null,
  expires_at     timestamptz not null,
  state          text        not null default 'pending' check (state in ('pending', 'approved', 'rejected')),
  key_protection text        not null default 'software' check (key_protection in ('software', 'hardware')),
  decided_at     timestamptz,
  decided_by     text,
  comment        text,
  issued         bytea,
  used_at        timestamptz
);
create index enrolment_request_of_device on enrolment_request (device_id, id);
create index enrolment_request_pending on enrolment_request (id) where state = 'pending';

grant select, insert on renewal to ${appRole};
grant select, insert, update, delete on enrolment_request to ${appRole};

-- How a certificate's private key is kept: software unless somebody vouched for more.
alter table certificate add column if not exists key_protection text not null default 'software'
  check (key_protection in ('software', 'hardware', 'attested'));
