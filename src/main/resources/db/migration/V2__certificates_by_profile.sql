-- How a certificate's key is kept, as far as whoever registered it could tell: 'attested' was proven, 'hardware' was said.
alter table certificate add column key_protection text not null default 'software'
  check (key_protection in ('software', 'hardware', 'attested'));

-- Issuances are listed newest first, all of them and those of one device.
create index issuance_by_time on issuance (issued_at desc, thumbprint);
create index issuance_of_device on issuance (device_id, issued_at desc, thumbprint);
