#!/bin/sh
# Restore a backup into an EMPTY database: scripts/restore.sh FILE. DATABASE_URL names it. Start nothing before it is done.
# Then: manage.py migrate, manage.py audit, workers. What Twilio took after the backup is found by the catch-up.
set -eu
: "${DATABASE_URL:?names the server}" "${1:?names the file}"
if [ "$(psql -Atqc "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'" "$DATABASE_URL")" != 0 ]; then
    echo "This database is not empty; make a new one (createdb) and restore into that." >&2
    exit 1
fi
pg_restore --exit-on-error --single-transaction --no-owner --no-privileges --dbname="$DATABASE_URL" "$1"
