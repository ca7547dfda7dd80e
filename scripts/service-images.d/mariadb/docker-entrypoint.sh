#!/usr/bin/env bash
# What the official mariadb image does at its start, as far as common Compose files need it.
set -Eeuo pipefail

# The value of MARIADB_NAME or MYSQL_NAME, or of the file that one of them with _FILE names.
value_of() {
  local name file
  for name in "MARIADB_$1" "MYSQL_$1"; do
    file=${name}_FILE
    if [ -n "${!file:-}" ]; then cat "${!file}"; return; fi
    if [ -n "${!name:-}" ]; then printf '%s' "${!name}"; return; fi
  done
}

# A text as SQL writes it.
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/\\\\/\\\\\\\\/g; s/'/''/g")"; }

[ "${1#-}" = "$1" ] || set -- mariadbd "$@"
case "$1" in mariadbd | mysqld) ;; *) exec "$@" ;; esac

if [ "$(id -u)" = 0 ]; then
  find /var/lib/mysql /run/mysqld \! -user mysql -exec chown mysql '{}' +
  exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
fi
[ ! -d /var/lib/mysql/mysql ] || exec "$@"

root=$(value_of ROOT_PASSWORD) database=$(value_of DATABASE) user=$(value_of USER) password=$(value_of PASSWORD)
if [ -z "$root$(value_of ALLOW_EMPTY_ROOT_PASSWORD)$(value_of RANDOM_ROOT_PASSWORD)" ]; then
  echo 'Database is uninitialized and password option is not specified' >&2
  exit 1
fi
[ -z "$(value_of RANDOM_ROOT_PASSWORD)" ] || { root=$(head -c 24 /dev/urandom | base64) && echo "GENERATED ROOT PASSWORD: $root"; }

mariadb-install-db --datadir=/var/lib/mysql --auth-root-authentication-method=normal --skip-test-db >/dev/null
# While it is being filled it listens on its socket only.
"$@" --skip-networking --socket=/run/mysqld/mysqld.sock &
server=$!
sql() { mariadb --protocol=socket --user=root --socket=/run/mysqld/mysqld.sock "$@"; }
until sql -e 'SELECT 1' >/dev/null 2>&1; do
  kill -0 "$server"
  sleep 0.1
done
[ -z "$database" ] || sql -e "CREATE DATABASE IF NOT EXISTS \`$database\`"
[ -z "$user" ] || sql -e "CREATE USER $(quoted "$user")@'%' IDENTIFIED BY $(quoted "$password")"
[ -z "$user" ] || [ -z "$database" ] || sql -e "GRANT ALL ON \`${database//_/\\_}\`.* TO $(quoted "$user")@'%'"
for file in /docker-entrypoint-initdb.d/*; do
  case "$file" in
    *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
    *.sql) echo "running $file" && sql --default-character-set=utf8mb4 ${database:+--database="$database"} <"$file" ;;
    *.sql.gz) gunzip -c "$file" | sql ${database:+--database="$database"} ;;
  esac
done
# What mariadb-install-db made beside root@localhost has no password.
sql -e "DELETE FROM mysql.global_priv WHERE User = '' OR Host <> 'localhost' AND User = 'root'; FLUSH PRIVILEGES;
  CREATE USER root@'%' IDENTIFIED BY $(quoted "$root"); GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
  ALTER USER root@localhost IDENTIFIED BY $(quoted "$root")"
kill "$server"
wait "$server"
echo 'MariaDB init process done. Ready for start up.'
exec "$@"
