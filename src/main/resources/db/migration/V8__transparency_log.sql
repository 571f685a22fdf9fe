-- The transaction that wrote a record. By it the sequencer finds what it has not seen yet, in whatever order
-- transactions end: all that its last snapshot did not show. It is no part of the record. Records of one batch share
-- it, so its index is small.
alter table audit_record add column written xid8 not null default pg_current_xact_id();
create index audit_record_written on audit_record (written);

-- The leaves of the Merkle tree: which record stands where, under which hash. The primary key lets one sequencer alone
-- append; the other key keeps a record from being a leaf twice. No reference to audit_record: leaves outlive records.
create table log_leaf (
  number    bigint not null primary key check (number >= 0),
  record_id uuid   not null unique,
  hash      bytea  not null check (octet_length(hash) = 32)
);

-- Roots over 256^level leaves, written once each is complete: with the leaves they are all tiles of all levels.
create table log_node (
  level  smallint not null check (level between 1 and 7),
  number bigint   not null check (number >= 0),
  hash   bytea    not null check (octet_length(hash) = 32),
  primary key (level, number)
);

-- Every signed head of the tree. A head has one successor: whoever lost its turn can't publish. seen is the snapshot
-- up to which all records are leaves; null while the table is still walked through.
create table log_checkpoint (
  size     bigint      not null primary key check (size > previous),
  previous bigint      not null unique check (previous >= 0),
  root     bytea       not null check (octet_length(root) = 32),
  note     text        not null,
  seen     pg_snapshot,
  at       timestamptz not null,
  replica  text        not null
);

-- The public keys that signed or sign heads; a row counts only while its MAC holds.
create table log_key (
  name       text        not null,
  public_key bytea       not null check (octet_length(public_key) = 32),
  since      timestamptz not null,
  mac        bytea       not null,
  primary key (name, public_key)
);

-- No update, no delete, no truncate: the service can't rewrite its own log.
grant select, insert on log_leaf, log_node, log_checkpoint, log_key to ${appRole};
