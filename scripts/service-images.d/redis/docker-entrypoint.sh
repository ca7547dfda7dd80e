#!/bin/sh
# As in the official redis image: options and files go to redis-server, which runs as redis and listens everywhere.
set -e
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi
[ "$1" = redis-server ] || exec "$@"
shift
case "${1:-}" in *.conf) set -- redis-server "$@" ;; *) set -- redis-server --protected-mode no "$@" ;; esac
[ "$(id -u)" = 0 ] || exec "$@"
find . \! -user redis -exec chown redis '{}' +
exec setpriv --reuid=redis --regid=redis --init-groups "$@"
