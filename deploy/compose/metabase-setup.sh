#!/bin/bash
# Makes the first user of Metabase, an administrator, unless it has one.
set -euo pipefail
url=http://metabase:3000

# the token is there until there is a user
properties=$(curl --silent --fail "$url/api/session/properties")
token=$(sed -n 's/.*"setup-token":"\([0-9a-f-]*\)".*/\1/p' <<<"$properties")
if grep -q '"has-user-setup":true' <<<"$properties" || [[ -z $token ]]; then
    echo 'Metabase has a user already'
    exit
fi
curl --silent --fail --output /dev/null --header 'Content-Type: application/json' --data @- "$url/api/setup" <<JSON
{"token": "$token",
 "user": {"first_name": "sei", "last_name": "admin", "email": "$METABASE_ADMIN",
          "password": "$(</run/secrets/metabase_admin_password)"},
 "prefs": {"site_name": "sei", "allow_tracking": false}}
JSON
echo "Metabase has the user $METABASE_ADMIN"
