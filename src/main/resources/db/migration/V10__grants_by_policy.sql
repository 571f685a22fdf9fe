-- What a grant was decided on, so that every question about it can ask the policy again. The defaults are for replicas
-- of the version before, which go on inserting during an upgrade: their grants live for minutes, and under a rule that
-- names a source, or a person, they count as coming from nowhere and from nobody.
alter table session_grant
  add column audiences      text[]  not null default '{}',
  add column user_facts     jsonb,
  add column policy_version bigint  not null default 0,
  add column door           text    not null default 'https',
  add column source         inet    not null default '0.0.0.0',
  add column source_port    integer not null default 0;
