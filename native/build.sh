#!/bin/sh
# Builds the native front: native/build.sh [OUT], by default bin/cofferdam. Says nothing and does nothing when OUT is current.
# NODE_PATH_ABS and DIST_DIR (environment) are compiled in: node as it is found now, dist/ beside this folder.
set -eu
cd "$(dirname "$0")"
root=$(dirname "$PWD")
out=${1:-$root/bin/cofferdam}
node=${NODE_PATH_ABS:-$(node -p process.execPath)}
dist=${DIST_DIR:-$root/dist}
mkdir -p "$(dirname "$out")"

settings="$out.settings"
current() {
  [ -x "$out" ] && [ "$(cat "$settings" 2>/dev/null)" = "$node $dist" ] && [ -z "$(find . -newer "$out" -type f)" ]
}
current && exit 0

gcc -std=gnu17 -D_GNU_SOURCE -O2 -static -Wall -Wextra -Werror -fstack-protector-strong -D_FORTIFY_SOURCE=2 -s \
  "-DNODE_PATH_ABS=\"$node\"" "-DDIST_DIR=\"$dist\"" -o "$out.$$" ./*.c
# A program that runs keeps the old file; one that starts finds the old or the new one, whole.
mv -f "$out.$$" "$out"
echo "$node $dist" >"$settings"
echo "built ${out#"$root"/}"
