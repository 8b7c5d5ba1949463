#!/usr/bin/env bash
# Makes an empty data directory that a Redis with `appendonly yes` starts from, out of a copy of backup-redis.sh.
#
#   restore-redis.sh COPY.rdb DATA_DIRECTORY
#
# A Redis with `appendonly yes` that finds a dump.rdb and no append-only files starts EMPTY. So the copy is loaded once
# without them, by a server of its own that nobody can reach, which then writes them.
set -euo pipefail
umask 077

copy="${1:?usage: restore-redis.sh COPY.rdb DATA_DIRECTORY}"
data="${2:?usage: restore-redis.sh COPY.rdb DATA_DIRECTORY}"
limit="${RESTORE_LIMIT_SECONDS:-600}"
fail() { echo "restore-redis: $1" >&2; exit 1; }

[ -f "$copy" ] || fail "$copy does not exist"
if [ -f "$copy.sha256" ]; then
  (cd "$(dirname "$copy")" && sha256sum --check --status "$(basename "$copy").sha256") || fail "$copy is not what was written: its checksum differs"
fi
redis-check-rdb "$copy" >/dev/null || fail "$copy is damaged"
mkdir -p "$data"
[ -z "$(ls -A "$data")" ] || fail "$data is not empty: move away what is there first, it may be needed yet"

# Paths of sockets are short.
work="$(mktemp -d)"
socket="$work/redis.sock"
cp "$copy" "$data/dump.rdb"
redis-server --port 0 --unixsocket "$socket" --unixsocketperm 700 --dir "$data" --dbfilename dump.rdb \
  --appendonly no --save "" --daemonize no --logfile "$work/log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
ask() { redis-cli -s "$socket" "$@" 2>/dev/null; }
field() { ask INFO persistence | tr -d '\r' | sed -n "s/^$1://p"; }
wait_for() {
  local deadline=$((SECONDS + limit))
  until eval "$2"; do
    kill -0 "$server" 2>/dev/null || fail "the server ended: $(tail -n 3 "$work/log" | tr '\n' ' ')"
    [ "$SECONDS" -lt "$deadline" ] || fail "not within $limit s: $1"
    sleep 0.1
  done
}

wait_for "loading the copy" '[ "$(ask PING)" = PONG ] && [ "$(field loading)" = 0 ]'
keys="$(ask DBSIZE)"
[ "$(ask CONFIG SET appendonly yes)" = OK ] || fail "append-only files cannot be switched on"
wait_for "writing the append-only files" '[ "$(field aof_rewrite_in_progress)" = 0 ] && [ "$(field aof_rewrite_scheduled)" = 0 ]'
[ "$(field aof_last_bgrewrite_status)" = ok ] || fail "the append-only files could not be written"
ask SHUTDOWN NOSAVE || true
wait "$server" || fail "the server did not end well: $(tail -n 3 "$work/log" | tr '\n' ' ')"
rm -f "$data/dump.rdb"
echo "restored $keys keys to $data: start Redis there with appendonly yes"
