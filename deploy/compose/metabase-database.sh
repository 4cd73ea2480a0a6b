#!/bin/sh
# Makes the database of Metabase itself when PostgreSQL starts for the first time.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$(cat /run/secrets/metabase_password)" <<'SQL'
create role metabase login password :'password';
create database metabase owner metabase;
revoke connect, temporary on database metabase from public;
SQL
