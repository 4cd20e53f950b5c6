#!/bin/sh
# Run once by the image of PostgreSQL, on an empty data folder: the demo's source, a role that may only read it, and one that
# may stream its changes, as on the local stack (command/stack/postgres.py).
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -v password="$(cat /run/secrets/mimic-password)" \
  -v capture="$(cat /run/secrets/capture-password)" <<'SQL'
create role mimic login password :'password';
alter role mimic set default_transaction_read_only = on;
create role capture login replication password :'capture';
create database mimic;
revoke connect, temporary on database mimic from public;
grant connect on database mimic to mimic, capture;
\connect mimic
alter default privileges grant select on tables to mimic, capture;
alter default privileges grant usage on schemas to mimic, capture;
create publication capture for all tables;
SQL
