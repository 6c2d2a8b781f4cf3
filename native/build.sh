#!/bin/sh
# Builds the native front: native/build.sh [OUT], by default bin/cofferdam. Does nothing if OUT is
# current. NODE_PATH_ABS, DIST_DIR and MEDIATOR_SOCKET (environment) are compiled in; by default
# node as it is found now, and dist/ beside this folder.
set -eu
cd "$(dirname "$0")"
root=$(dirname "$PWD")
out=${1:-$root/bin/cofferdam}
node=${NODE_PATH_ABS:-$(node -p process.execPath)}
dist=${DIST_DIR:-$root/dist}
socket=${MEDIATOR_SOCKET:-/run/cofferdam/mediator.sock}
mkdir -p "$(dirname "$out")"

settings="$out.settings"
current() {
  [ -x "$out" ] && [ "$(cat "$settings" 2>/dev/null)" = "$node $dist $socket" ] &&
    [ -z "$(find . -maxdepth 1 -newer "$out" -type f)" ]
}
current && exit 0

gcc -std=gnu17 -D_GNU_SOURCE -O2 -static -Wall -Wextra -Werror -fstack-protector-strong \
  -D_FORTIFY_SOURCE=2 -s "-DNODE_PATH_ABS=\"$node\"" "-DDIST_DIR=\"$dist\"" \
  "-DMEDIATOR_SOCKET=\"$socket\"" -o "$out.$$" ./*.c
# A program that runs keeps the old file; one that starts finds the old or the new one, whole.
mv -f "$out.$$" "$out"
echo "$node $dist $socket" >"$settings"
echo "built ${out#"$root"/}"
