-- Policy: versions of the rules, each written once; which of them is in force; and the segments that rules open.
create table policy_version (
  version    bigint      primary key check (version > 0),
  -- json, not jsonb: the bytes are what the MAC is over.
  rules      json        not null,
  comment    text,
  author     text        not null,
  -- Null in the row below alone, which class Policies compares with what it must be.
  mac        bytea,
  created_at timestamptz not null
);

create table policy_head (
  only_row boolean     primary key default true check (only_row),
  version  bigint      not null references policy_version (version),
  updated  timestamptz not null
);

-- What was so before there were rules.
insert into policy_version (version, rules, comment, author, created_at) values (
  1,
  '[{"name":"active devices into the segments of their record","when":"device.state == \"active\"","admit":{"segments":"device.segments"}}]',
  'what Sallyport begins with', 'system', now());
insert into policy_head (version, updated) values (1, now());

create table segment (
  name        text        primary key,
  description text        not null default '',
  audiences   text[]      not null default '{}',
  vlan        integer     check (vlan between 1 and 4094),
  cidrs       text[]      not null default '{}',
  version     bigint      not null default 0,
  created_at  timestamptz not null,
  changed_at  timestamptz not null
);

grant select, insert on policy_version to ${appRole};
grant select, update on policy_head to ${appRole};
grant select, insert, update, delete on segment to ${appRole};
