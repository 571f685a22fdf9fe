-- audit_record by months of its ids, which are UUIDv7 and so begin with their time. What was there before becomes the
-- first partition as it is: nothing is copied, nothing is rewritten. Leaves (log_leaf) refer to no partition.

-- The functions below run as the owner: nobody else may put anything into the schema that they could take for theirs.
revoke create on schema public from public;

-- The smallest UUIDv7 of an instant: identity.Uuids.lowest. What lies before 1970 or has no room in 48 bits of
-- milliseconds is the first or the last of them.
create function audit_lowest_id(instant timestamptz) returns uuid
  language sql immutable strict parallel safe
  return (lpad(to_hex(least(greatest(floor(extract(epoch from instant) * 1000), 0), 281474976710655)::bigint), 12, '0')
          || '70008000000000000000')::uuid;

-- Which partitions there were ever; a month that was dropped is not made again.
create table audit_partition (
  name       text        primary key,
  lower      uuid        not null unique,
  upper      uuid        not null check (upper > lower),
  made_at    timestamptz not null,
  dropped_at timestamptz
);

alter table audit_record rename to audit_record_before;
create table audit_record (like audit_record_before including all) partition by range (id);

-- For searches. All but the last two are of refusals, of changes or of persons alone: other decisions do not pay for them.
create index audit_record_reasons on audit_record using gin (reasons) where outcome <> 'admitted';
create index audit_record_changes on audit_record (actor, id) where kind = 'change';
create index audit_record_changes_by_id on audit_record (id) where kind = 'change';
create index audit_record_of_user on audit_record ((personal ->> '/user/subject'), id)
  where personal ->> '/user/subject' is not null;
create index audit_record_source on audit_record (source) where source is not null;
create index audit_record_thumbprint on audit_record (thumbprint) where thumbprint is not null;

-- Takes what belongs to no month that was made: ids made by a clock that goes wrong, records that arrive years late.
-- With it no insert ever fails for want of a partition.
create table audit_record_other partition of audit_record default;

do $$
declare
  bound uuid := audit_lowest_id((date_trunc('month', now() at time zone 'UTC') + interval '1 month') at time zone 'UTC');
begin
  with ahead as (delete from audit_record_before where id >= bound returning *)
  insert into audit_record_other select * from ahead;
  execute format('alter table audit_record attach partition audit_record_before for values from (minvalue) to (%L)', bound);
  insert into audit_partition (name, lower, upper, made_at)
  values ('audit_record_before', '00000000-0000-0000-0000-000000000000', bound, now());
end $$;

-- Makes the partition of a month, takes over from audit_record_other what belongs there, and says whether it made one.
-- The service owns no table and may do this one thing, for the two years around now. It holds up nobody for long: it
-- waits two seconds at most for its locks, and does not move more than a hundred thousand rows unless the owner
-- himself calls it.
create function audit_make_partition(month date) returns boolean
  language plpgsql security definer
  set search_path = public, pg_temp
  set lock_timeout = '2s'
as $$
declare
  most    constant integer := 100000;
  today   constant date := (now() at time zone 'UTC')::date;
  part    constant text := 'audit_record_' || to_char(month::timestamp, 'YYYY_MM');
  first   constant uuid := audit_lowest_id(month::timestamp at time zone 'UTC');
  beyond  constant uuid := audit_lowest_id((month + interval '1 month') at time zone 'UTC');
  waiting integer;
begin
  if month is null or extract(day from month) <> 1 then
    raise exception 'not the first day of a month: %', month using errcode = 'invalid_parameter_value';
  end if;
  if month < today - interval '24 months' or month > today + interval '12 months' then
    raise exception 'not within two years back and one year ahead: %', month using errcode = 'invalid_parameter_value';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('sallyport.audit_partition', 0::bigint));
  if exists (select from audit_partition p where p.lower < beyond and p.upper > first) then
    return false;
  end if;
  execute format('create table %I (like audit_record including all)', part);
  lock table audit_record_other in access exclusive mode;
  select count(*) into waiting
  from (select from audit_record_other o where o.id >= first and o.id < beyond limit most + 1) w;
  if waiting > most and session_user <> current_user then
    raise exception 'more than % rows wait in audit_record_other for %: the owner must call audit_make_partition', most, part
      using errcode = 'program_limit_exceeded';
  end if;
  execute format(
    'with moved as (delete from audit_record_other where id >= %L and id < %L returning *) insert into %I select * from moved',
    first, beyond, part);
  execute format('alter table audit_record attach partition %I for values from (%L) to (%L)', part, first, beyond);
  insert into audit_partition (name, lower, upper, made_at) values (part, first, beyond, now());
  return true;
end $$;

revoke execute on function audit_make_partition(date) from public;
revoke all on audit_record_before from ${appRole};
-- As before: no update, no delete, no truncate, and nothing at all on a partition itself.
grant select, insert on audit_record to ${appRole};
grant select on audit_partition to ${appRole};
grant execute on function audit_lowest_id(timestamptz), audit_make_partition(date) to ${appRole};
