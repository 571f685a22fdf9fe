-- Outside CAs: what an operator says of each anchor. One row for every anchor, ours and the file's included, so that
-- whatever reads a standing finds its anchor by one look-up; a path whose anchor has no row counts as untrusted.
alter table ca_certificate drop constraint ca_certificate_source_check;
alter table ca_certificate add constraint ca_certificate_source_check
  check (source in ('authority', 'file', 'api', 'presented'));

create table trust_anchor (
  id                         uuid        primary key references ca_certificate (id),
  name                       text        not null,
  -- Kinds of device; empty is all.
  purposes                   text[]      not null default '{}',
  mapping                    text        not null default 'thumbprint'
    check (mapping in ('thumbprint', 'issuerAndSerial', 'sanUri', 'sanDns', 'sanEmail', 'sanUpn')),
  missing_evidence           text        not null default 'require'
    check (missing_evidence in ('require', 'allowWithNote')),
  -- Who says what is revoked: our own registry, or the issuer by CRL and OCSP.
  evidence                   text        not null check (evidence in ('registry', 'issuer')),
  crl_urls                   text[]      not null default '{}',
  follow_distribution_points boolean     not null default true,
  ocsp                       text        not null default 'off' check (ocsp in ('off', 'fallback', 'first')),
  ocsp_url                   text,
  -- Raised by whatever takes something away. It counts into the epoch of every certificate below, so that raising it
  -- kills every grant decided under the anchor, however many there are.
  revision                   bigint      not null default 0,
  -- Raised when certificates have to find their devices anew; see certificate.binding.
  binding                    bigint      not null default 0,
  version                    bigint      not null default 0,
  created_at                 timestamptz not null,
  changed_at                 timestamptz not null
);

insert into trust_anchor (id, name, evidence, created_at, changed_at)
select id, left(subject, 255), case source when 'authority' then 'registry' else 'issuer' end, created_at, changed_at
from ca_certificate where role = 'anchor';

-- The certificate found its device while its anchor's binding was this; else it is recognised no longer.
alter table certificate add column binding bigint not null default 0;
alter table certificate drop constraint certificate_source_check;
alter table certificate add constraint certificate_source_check check (source in ('issued', 'attached', 'mapped'));

create index certificate_of_anchor on certificate ((path[cardinality(path)]));
create index certificate_of_key on certificate (spki);
-- Without a pending list: a search must not get slower by what was written lately.
create index device_by_identifier on device using gin (identifiers) with (fastupdate = off);

-- From now on identifiers are stored in the form they are compared in (class DeviceIdentifier). Names of issuers are
-- brought into theirs at the next edit of the device.
update device set identifiers = array(
  select case
    when i like 'dns:%' then lower(i)
    when i like 'upn:%' then translate(i, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
    when i like 'email:%@%' then regexp_replace(i, '[^@]*$', '') || lower(substring(i from '[^@]*$'))
    else i end
  from unnest(identifiers) with ordinality as t (i, n) order by n)
where identifiers <> '{}';

grant select, insert, update on trust_anchor to ${appRole};
