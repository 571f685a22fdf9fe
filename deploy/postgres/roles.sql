-- Makes Sallyport's database and its roles; what boot.DatabaseRoles does for the embedded one. May be repeated:
-- it makes what is missing and sets both passwords.
--
--   psql -v owner_password=... -v app_password=... -f deploy/postgres/roles.sql postgres
--
-- Run it as a superuser. -v database=... names the database (default: sallyport). Passwords on a command line can be
-- read by other users of the machine; in psql itself they can't: \set owner_password `cat /run/secrets/owner`
--
-- sallyport_owner owns the schema and runs migrations (quarkus.flyway.username); sallyport_app is the service
-- (quarkus.datasource.username) and gets from the migrations what it may do. sallyport_retention
-- (sallyport.audit.retention.username) drops old months of the audit log and erases personal data; it can't sign in
-- unless -v retention_password=... is given.

\set ON_ERROR_STOP on
\if :{?database}
\else
\set database sallyport
\endif
\if :{?owner_password}
\else
do $$ begin raise exception 'owner_password is not set'; end $$;
\endif
\if :{?app_password}
\else
do $$ begin raise exception 'app_password is not set'; end $$;
\endif

-- The passwords pass through the server's statements and must not stay in its log.
set log_statement = 'none';
set log_min_duration_statement = -1;
set log_min_error_statement = 'panic';
set password_encryption = 'scram-sha-256';

select 'create role sallyport_owner login nosuperuser nocreatedb nocreaterole'
where not exists (select from pg_roles where rolname = 'sallyport_owner') \gexec
select 'create role sallyport_app login nosuperuser nocreatedb nocreaterole'
where not exists (select from pg_roles where rolname = 'sallyport_app') \gexec
select 'create role sallyport_retention login nosuperuser nocreatedb nocreaterole'
where not exists (select from pg_roles where rolname = 'sallyport_retention') \gexec

alter role sallyport_owner password :'owner_password';
alter role sallyport_app password :'app_password';
\if :{?retention_password}
alter role sallyport_retention password :'retention_password';
\endif

select format('create database %I owner sallyport_owner', :'database')
where not exists (select from pg_database where datname = :'database') \gexec

revoke all on database :"database" from public;
grant connect on database :"database" to sallyport_app, sallyport_retention;
