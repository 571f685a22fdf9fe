-- Records that are kept longer than the retention says, for a case.
create table audit_hold (
  id          uuid        primary key,
  case_name   text        not null,
  device_id   uuid,
  from_time   timestamptz,
  to_time     timestamptz check (to_time > from_time),
  comment     text,
  made_at     timestamptz not null,
  made_by     text        not null,
  released_at timestamptz,
  released_by text
);
create index audit_hold_in_force on audit_hold (made_at) where released_at is null;

-- What became of a partition: the file it went into, before it was dropped.
alter table audit_partition
  add column archive        text,
  add column archive_sha256 bytea,
  add column records        bigint;

-- Whether a hold in force is of a record of [first, beyond).
create function audit_is_held(first uuid, beyond uuid) returns boolean
  language sql stable strict
  set search_path = public, pg_temp
  return exists (
    select from audit_hold h
    where h.released_at is null
      and (h.from_time is null or audit_lowest_id(h.from_time) < beyond)
      and (h.to_time is null or audit_lowest_id(h.to_time) > first)
      and (h.device_id is null
           or exists (select from audit_record r
                      where r.device_id = h.device_id and r.id >= first and r.id < beyond
                        and (h.from_time is null or r.id >= audit_lowest_id(h.from_time))
                        and (h.to_time is null or r.id < audit_lowest_id(h.to_time)))));

-- Drops a partition that has gone into an archive of so many records. The last word on what may go: nothing that ended
-- less than a month ago, nothing held, nothing that is no leaf, nothing that the archive does not have.
create function audit_drop_partition(part text, file text, sha256 bytea, in_archive bigint) returns void
  language plpgsql security definer
  set search_path = public, pg_temp
  set lock_timeout = '2s'
as $$
declare
  p       audit_partition;
  present bigint;
  leaves  bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('sallyport.audit_partition', 0::bigint));
  select * into p from audit_partition a where a.name = part and a.dropped_at is null for update;
  if not found then
    raise exception 'no such partition: %', part using errcode = 'invalid_parameter_value';
  end if;
  if p.upper > audit_lowest_id(now() - interval '1 month') then
    raise exception 'not old enough: %', part using errcode = 'object_not_in_prerequisite_state';
  end if;
  -- No hold is placed, and no late record comes, between the look and the drop.
  lock table audit_hold in share mode;
  execute format('lock table %I in access exclusive mode', part);
  if audit_is_held(p.lower, p.upper) then
    raise exception 'held: %', part using errcode = 'object_not_in_prerequisite_state';
  end if;
  execute format('select count(*), count(l.number) from %I r left join log_leaf l on l.record_id = r.id', part)
    into present, leaves;
  if present <> in_archive or leaves <> in_archive then
    raise exception '% has % records and % leaves, the archive %', part, present, leaves, in_archive
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  execute format('drop table %I', part);
  update audit_partition set dropped_at = now(), archive = file, archive_sha256 = sha256, records = in_archive
  where name = part;
end $$;

-- Forgets the personal data of at most so many records of a device or a person, and says of how many. What was signed
-- stays as it is. The record that tells of the erasure itself is left.
create function audit_erase(device uuid, issuer text, subject text, but uuid, most integer) returns integer
  language plpgsql security definer
  set search_path = public, pg_temp
as $$
declare
  erased integer;
begin
  if (device is null) = (subject is null) or (issuer is null) <> (subject is null) or most < 1 or most > 10000 then
    raise exception 'a device or a person' using errcode = 'invalid_parameter_value';
  end if;
  lock table audit_hold in share mode;
  -- A person may stand in any record: while a hold is in force that names no device, or his, nothing is erased.
  if exists (select from audit_hold h
             where h.released_at is null and (device is null or h.device_id is null or h.device_id = device)) then
    raise exception 'held' using errcode = 'object_not_in_prerequisite_state';
  end if;
  if device is not null then
    update audit_record set salt = '', personal = '{}', source = null
    where id = any (array(select r.id from audit_record r
                          where r.device_id = device and r.salt <> '' and r.id is distinct from but limit most));
  else
    update audit_record set salt = '', personal = '{}', source = null
    where id = any (array(select r.id from audit_record r
                          where r.personal ->> '/user/subject' = subject and r.salt <> ''
                            -- Another provider may name somebody else so.
                            and convert_from(r.canonical, 'UTF8')::jsonb -> 'user' ->> 'issuer' = issuer
                          limit most));
  end if;
  get diagnostics erased = row_count;
  return erased;
end $$;

revoke execute on function audit_is_held(uuid, uuid), audit_drop_partition(text, text, bytea, bigint),
  audit_erase(uuid, text, text, uuid, integer) from public;

grant select, insert on audit_hold to ${appRole};
grant update (released_at, released_by) on audit_hold to ${appRole};
grant execute on function audit_is_held(uuid, uuid) to ${appRole};

-- The retention's role reads the log, and does two things that the service itself can't.
do $$ begin
  if not exists (select from pg_roles where rolname = '${retentionRole}') then
    raise exception 'the role ${retentionRole} is missing: run deploy/postgres/roles.sql again';
  end if;
end $$;
grant select on audit_record, audit_partition, audit_hold, log_leaf, log_node, log_checkpoint, log_key to ${retentionRole};
grant execute on function audit_lowest_id(timestamptz), audit_is_held(uuid, uuid),
  audit_drop_partition(text, text, bytea, bigint), audit_erase(uuid, text, text, uuid, integer) to ${retentionRole};
