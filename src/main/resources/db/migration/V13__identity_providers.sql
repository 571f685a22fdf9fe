-- Who vouches for people: the identity providers whose tokens count, one row for each issuer. The MAC is over
-- everything but version and times: a row made or altered by somebody who can only write here counts as absent.
create table identity_provider (
  id            uuid        primary key,
  name          text        not null,
  -- Compared byte for byte with a token's iss.
  issuer        text        not null unique,
  -- Client ids and resources that a token must be for, one of them at least.
  audiences     text[]      not null,
  -- Null: as the provider's discovery document says.
  jwks_uri      text,
  algorithms    text[]      not null,
  name_claim    text        not null,
  email_claim   text        not null,
  groups_claim  text        not null,
  max_token_age bigint      not null check (max_token_age > 0),  -- seconds
  state         text        not null check (state in ('active', 'disabled')),
  mac           bytea       not null,
  version       bigint      not null default 0,
  created_at    timestamptz not null,
  changed_at    timestamptz not null
);

grant select, insert, update, delete on identity_provider to ${appRole};
