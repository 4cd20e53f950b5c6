#!/bin/sh
# Run once by the image of PostgreSQL, on an empty data folder: a role and its own database for the api, and for HAPI.
set -eu
for name in firth hapi; do
  psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -v name="$name" -v password="$(cat "/run/secrets/$name-password")" <<'SQL'
create role :"name" login password :'password';
create database :"name" owner :"name";
revoke connect, temporary on database :"name" from public;
SQL
done
