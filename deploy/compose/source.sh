#!/bin/sh
# Run once by the image of PostgreSQL, on an empty data folder: the demo's source, and a role that may only read it.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -v password="$(cat /run/secrets/mimic-password)" <<'SQL'
create role mimic login password :'password';
alter role mimic set default_transaction_read_only = on;
create database mimic;
revoke connect, temporary on database mimic from public;
grant connect on database mimic to mimic;
\connect mimic
alter default privileges grant select on tables to mimic;
alter default privileges grant usage on schemas to mimic;
SQL
