#!/usr/bin/env bash
# Makes the secrets of compose.yaml that are not there yet, in ./secrets. The directory is yours alone; the files in it can be
# read, since the users in the containers are others.
set -euo pipefail
cd "$(dirname "$0")"

mkdir -p secrets
chmod 700 secrets
for name in database_password events_token analytics_password grafana_admin_password metabase_password metabase_admin_password; do
    [[ -s secrets/$name ]] && continue
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"secrets/$name"
    # a person may have to type it, so it has what rules ask for
    if [[ $name == *admin* ]]; then printf 'A-1' >>"secrets/$name"; fi
    chmod 444 "secrets/$name"
done
if [[ ! -s secrets/database_url ]]; then
    printf 'postgres://sei:%s@timescaledb:5432/sei' "$(<secrets/database_password)" >secrets/database_url
    chmod 444 secrets/database_url
fi
