#!/bin/sh
# Back the database up: scripts/backup.sh FILE. Consistent, while everything runs; DATABASE_URL names the server.
# For an archive of every second use your provider's continuous archiving; this one is good for each night.
set -eu
: "${DATABASE_URL:?names the server}" "${1:?names the file}"
umask 077 # it holds people's numbers and words
pg_dump --format=custom --no-owner --no-privileges --file="$1.part" "$DATABASE_URL"
pg_restore --list "$1.part" >/dev/null # a file that cannot be read is no backup
mv "$1.part" "$1"
