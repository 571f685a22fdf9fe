-- Whom records and checkpoints are sent to. Secrets are sealed under the master key, bound to the row's id.
create table audit_sink (
  id         uuid        primary key,
  name       text        not null unique,
  kind       text        not null check (kind in ('webhook', 'syslog', 'file', 'witness')),
  content    text        not null check (content in ('records', 'checkpoints')),
  format     text        not null check (format in ('native', 'ocsf')),
  target     text        not null,
  ca         text,
  secret     bytea,
  key        text,
  paused     boolean     not null default false,
  version    bigint      not null default 0,
  created_at timestamptz not null
);

-- How far each sink is: next is the first leaf (or the first size of tree) that was not delivered yet. One replica at a
-- time holds a sink; whoever lost it can't move next.
create table audit_sink_progress (
  sink_id       uuid        primary key references audit_sink (id) on delete cascade,
  next          bigint      not null,
  failures      integer     not null default 0,
  failing_since timestamptz,
  last_error    text,
  delivered_at  timestamptz,
  holder        text,
  held_until    timestamptz
);

-- What a receiver would not take, so that the rest could go on. The records themselves are in the log.
create table audit_sink_dead_letter (
  sink_id  uuid        not null references audit_sink (id) on delete cascade,
  position bigint      not null,
  reason   text        not null,
  at       timestamptz not null,
  primary key (sink_id, position)
);

-- What witnesses signed: that they saw this tree and that it continues those they saw before.
create table log_cosignature (
  size bigint      not null,
  name text        not null,
  line text        not null,
  at   timestamptz not null,
  primary key (size, name)
);

grant select, insert, update, delete on audit_sink, audit_sink_progress, audit_sink_dead_letter to ${appRole};
grant select, insert on log_cosignature to ${appRole};
