#!/usr/bin/env bash
# Writes a consistent copy of a Redis to DIRECTORY, as a replica would get it; no access to the server's disk is needed.
#
#   backup-redis.sh DIRECTORY
#
# REDIS_HOST (127.0.0.1), REDIS_PORT (6379), REDIS_USER (none), REDIS_PASSWORD (none), REDIS_TLS=1 with REDIS_CACERT,
# KEEP (14): how many copies stay. Prints the name of the new copy. A copy that is there is whole: it gets its name last.
set -euo pipefail
umask 077

directory="${1:?usage: backup-redis.sh DIRECTORY}"
keep="${KEEP:-14}"
mkdir -p "$directory"

arguments=(-h "${REDIS_HOST:-127.0.0.1}" -p "${REDIS_PORT:-6379}")
[ -z "${REDIS_USER:-}" ] || arguments+=(--user "$REDIS_USER")
[ -z "${REDIS_TLS:-}" ] || arguments+=(--tls)
[ -z "${REDIS_CACERT:-}" ] || arguments+=(--cacert "$REDIS_CACERT")
# In the environment, not among the arguments, where every user of the machine could read it.
[ -z "${REDIS_PASSWORD:-}" ] || export REDISCLI_AUTH="$REDIS_PASSWORD"

name="redis-$(date -u +%Y%m%dT%H%M%SZ)-$$.rdb"
partial="$directory/.partial-$name"
trap 'rm -f "$partial" "$partial.sha256"' EXIT

redis-cli "${arguments[@]}" --rdb "$partial" >/dev/null
redis-check-rdb "$partial" >/dev/null || { echo "backup-redis: the copy is damaged" >&2; exit 1; }
sum="$(sha256sum "$partial" | cut -d' ' -f1)"
printf '%s  %s\n' "$sum" "$name" >"$directory/$name.sha256"
sync "$partial"
mv "$partial" "$directory/$name"

# Names sort by time.
mapfile -t copies < <(cd "$directory" && ls -1 redis-*.rdb | sort -r)
for old in "${copies[@]:$keep}"; do rm -f "$directory/$old" "$directory/$old.sha256"; done
echo "$directory/$name"
