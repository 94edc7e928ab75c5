#!/usr/bin/env bash
# Make the secrets that docker-compose.yml mounts as files; those that exist are kept.
#
#   secrets.sh FOLDER
#
# libpq ignores a password file that others can read, so it belongs to the image's user alone.
set -euo pipefail
folder=$1
user=10001
umask 077
mkdir -p "$folder"
if [ ! -e "$folder/postgres_password" ]; then
  head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$folder/postgres_password"
fi
if [ ! -e "$folder/pgpass" ]; then
  printf 'postgres:5432:hotline:hotline:%s\n' "$(cat "$folder/postgres_password")" >"$folder/pgpass"
fi
if [ "$(id -u)" = 0 ]; then
  chown "$user" "$folder/pgpass"
elif [ "$(id -u)" != "$user" ]; then
  echo "as root: chown $user $folder/pgpass" >&2
fi
