#!/usr/bin/env bash
# Prints users.acl with the hashes of the passwords in the environment in place of its placeholders.
#
#   PRODUCER_PASSWORD=… WORKER_PASSWORD=… ADMIN_PASSWORD=… BACKUP_PASSWORD=… ./render-users.sh > /etc/redis/users.acl
set -euo pipefail

template="${1:-$(dirname "$0")/users.acl}"
rules="$(<"$template")"
for user in PRODUCER WORKER ADMIN BACKUP; do
  name="${user}_PASSWORD"
  password="${!name:-}"
  if [ "${#password}" -lt 24 ]; then
    echo "render-users: $name is missing or shorter than 24 characters: make one with \`openssl rand -hex 32\`" >&2
    exit 2
  fi
  hash="$(printf %s "$password" | sha256sum | cut -d' ' -f1)"
  rules="${rules//#${user}_SHA256/#$hash}"
done
# Redis takes no comments and no empty lines in the file.
grep '^user ' <<<"$rules"
