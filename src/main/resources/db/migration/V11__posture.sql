-- What is known of devices besides their records: facts pushed by an MDM or a script. A fact whose expires_at is
-- past counts as absent, whether or not its row is still there.

create table posture (
  device_id   uuid        not null references device (id),
  name        text        not null check (name ~ '^[a-z][A-Za-z0-9]{0,62}$'),
  -- A number with a point in it is no integer, whatever follows the point.
  value       jsonb       not null check (jsonb_typeof(value) in ('boolean', 'number', 'string')),
  source      text        not null,
  reported_at timestamptz not null,
  expires_at  timestamptz not null check (expires_at > reported_at),
  -- Whether the change feed was told that it expired.
  end_told    boolean     not null default false,
  primary key (device_id, name)
);

create index posture_end on posture (expires_at) where not end_told;
create index posture_told on posture (expires_at) where end_told;

grant select, insert, update, delete on posture to ${appRole};
