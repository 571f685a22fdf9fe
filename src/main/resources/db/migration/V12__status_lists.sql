-- Token Status Lists: where a grant's status is found by who verifies its token without asking.

-- A replica leases a block of indexes at a time; blocks are leased from a list until closes_at or until it is full, and
-- the last of them is used until used_until. So the grants of a list have ids (which are ordered by time) between
-- opened_at and used_until, and the table that every join writes to needs no further index.
create table status_list (
  id         bigint      generated always as identity primary key,
  capacity   integer     not null,
  leased     integer     not null check (leased between 0 and capacity),
  opened_at  timestamptz not null,
  closes_at  timestamptz not null,
  used_until timestamptz not null
);

-- Null in grants of the time before there were lists.
alter table session_grant
  add column status_list  bigint,
  add column status_index integer;

grant select, insert, update, delete on status_list to ${appRole};
