#!/usr/bin/env bash
# What the official postgres image does at its start, as far as common Compose files need it.
set -Eeuo pipefail

# The value of a variable, or of the file that NAME_FILE names.
value_of() {
  local file=$1_FILE
  if [ -n "${!file:-}" ]; then cat "${!file}"; else printf '%s' "${!1:-${2:-}}"; fi
}

[ "${1#-}" = "$1" ] || set -- postgres "$@"
[ "$1" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chmod 0700 "$PGDATA"
  find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
[ ! -s "$PGDATA/PG_VERSION" ] || exec "$@"

password=$(value_of POSTGRES_PASSWORD) user=$(value_of POSTGRES_USER postgres)
database=$(value_of POSTGRES_DB "$user") method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
if [ -z "$password" ] && [ "$method" != trust ]; then
  echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
  exit 1
fi

# The second word is options of initdb, as in the official image.
# shellcheck disable=SC2086
initdb --no-sync --username="$user" --pwfile=<(printf '%s\n' "$password") ${POSTGRES_INITDB_ARGS:-} >/dev/null
printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"

# While it is being filled it listens on its socket only, and what is lost by a crash is made anew.
export PGHOST= PGUSER=$user PGPASSWORD=$password
pg_ctl -s -w start -o "-c listen_addresses='' -c fsync=off -p 5432"
sql() { psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --quiet --dbname "$@"; }
[ "$database" = postgres ] || sql postgres --set name="$database" <<<'CREATE DATABASE :"name"'
for file in /docker-entrypoint-initdb.d/*; do
  case "$file" in
    *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
    *.sql) echo "running $file" && sql "$database" -f "$file" ;;
    *.sql.gz) gunzip -c "$file" | sql "$database" ;;
  esac
done
pg_ctl -s -w -m fast stop
unset PGHOST PGUSER PGPASSWORD
echo 'PostgreSQL init process complete; ready for start up.'
exec "$@"
