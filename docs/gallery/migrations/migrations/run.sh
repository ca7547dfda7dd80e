# Runs each migration once, in the order of the names, each in a transaction of its own.
set -euo pipefail
psql -qc 'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, at timestamptz DEFAULT now())'
for file in /migrations/*.sql; do
  name=$(basename "$file")
  [ -z "$(psql -Atc "SELECT 1 FROM migrations WHERE name = '$name'")" ] || continue
  echo "migrating: $name"
  psql -q -v ON_ERROR_STOP=1 --single-transaction -f "$file" -c "INSERT INTO migrations VALUES ('$name')"
done
