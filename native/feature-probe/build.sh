#!/bin/sh
# Builds the program that tries features: native/feature-probe/build.sh [OUT]. By default OUT is
# dist/feature-probe. Says nothing and does nothing when OUT is current.
set -eu
cd "$(dirname "$0")"
root=$(dirname "$(dirname "$PWD")")
out=${1:-$root/dist/feature-probe}
mkdir -p "$(dirname "$out")"
[ -x "$out" ] && [ -z "$(find . -newer "$out" -type f)" ] && exit 0

gcc -std=gnu17 -D_GNU_SOURCE -O2 -static -Wall -Wextra -Werror -fstack-protector-strong -s \
  -o "$out.$$" feature-probe.c
# A program that runs keeps the old file; one that starts finds the old or the new one, whole.
mv -f "$out.$$" "$out"
echo "built ${out#"$root"/}"
