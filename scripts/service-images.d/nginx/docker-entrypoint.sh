#!/bin/sh
# As in the official nginx image: templates get the variables of the environment, and only those.
set -e
if [ "$1" = nginx ]; then
  names=$(printf '${%s} ' $(env | cut -d= -f1))
  for template in /etc/nginx/templates/*.template; do
    [ ! -f "$template" ] || envsubst "$names" <"$template" >"/etc/nginx/conf.d/$(basename "$template" .template)"
  done
  for script in /docker-entrypoint.d/*.sh; do
    [ ! -x "$script" ] || "$script"
  done
fi
exec "$@"
