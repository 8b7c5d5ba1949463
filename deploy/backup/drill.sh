#!/usr/bin/env bash
# Proves that the newest copy in DIRECTORY can be recovered from: restores it to a temporary place, starts a server there
# as production does, and prints what is in it. Exit code 0 says it can. Touches nothing else; run it every week.
#
#   drill.sh DIRECTORY [MAX_AGE_HOURS]      MAX_AGE_HOURS (26): an older copy fails the drill
set -euo pipefail
umask 077

directory="${1:?usage: drill.sh DIRECTORY [MAX_AGE_HOURS]}"
max_age_hours="${2:-26}"
here="$(cd "$(dirname "$0")" && pwd)"
fail() { echo "drill: FAILED: $1" >&2; exit 1; }

copy="$(ls -1 "$directory"/redis-*.rdb 2>/dev/null | sort | tail -n 1 || true)"
[ -n "$copy" ] || fail "no copy in $directory"
[ -f "$copy.sha256" ] || fail "$copy has no checksum"
age=$(($(date +%s) - $(stat -c %Y "$copy")))
[ "$age" -le $((max_age_hours * 3600)) ] || fail "the newest copy is $((age / 3600)) h old: $copy"

work="$(mktemp -d)"
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
started=$SECONDS
"$here/restore-redis.sh" "$copy" "$work/data" >"$work/restored" || fail "the copy could not be restored"

socket="$work/redis.sock"
redis-server --port 0 --unixsocket "$socket" --unixsocketperm 700 --dir "$work/data" --appendonly yes --save "" \
  --daemonize no --logfile "$work/log" &
server=$!
ask() { redis-cli -s "$socket" "$@"; }
for _ in $(seq 600); do
  [ "$(ask PING 2>/dev/null || true)" = PONG ] && break
  kill -0 "$server" 2>/dev/null || fail "the restored server does not start: $(tail -n 3 "$work/log" | tr '\n' ' ')"
  sleep 0.1
done
keys="$(ask DBSIZE)"
[ "restored $keys keys to $work/data: start Redis there with appendonly yes" = "$(cat "$work/restored")" ] ||
  fail "the restored server has $keys keys, and that is not what was restored"

echo "copy: $copy"
echo "age: $age s"
echo "keys: $keys"
cursor=0
while :; do
  mapfile -t page < <(ask SCAN "$cursor" COUNT 1000 TYPE stream)
  cursor="${page[0]}"
  for stream in "${page[@]:1}"; do
    [ -n "$stream" ] || continue
    echo "stream: $stream entries=$(ask XLEN "$stream") groups=$(ask XINFO GROUPS "$stream" | grep -cx name || true)"
  done
  [ "$cursor" != 0 ] || break
done
echo "recovery took $((SECONDS - started)) s"
echo "drill: ok"
