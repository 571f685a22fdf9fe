-- Which uses of a grant by a proxy are on record, so that on every replica only the first one has to wait for its commit.
-- A row is committed with the record that it names. No foreign key: a grant's row may be gone before this one.
create table grant_use (
  grant_id      uuid        not null,
  audience      text        not null,
  proxy_id      uuid        not null,
  decision_id   uuid        not null,
  first_at      timestamptz not null,
  grant_ends_at timestamptz not null,
  primary key (grant_id, audience, proxy_id)
);
create index grant_use_by_end on grant_use (grant_ends_at);

grant select, insert, delete on grant_use to ${appRole};
