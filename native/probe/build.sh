#!/bin/sh
# Builds the program of `cofferdam probe`: native/probe/build.sh [OUT]. By default OUT is
# dist/probe. Says nothing and does nothing when OUT is current.
set -eu
cd "$(dirname "$0")"
root=$(dirname "$(dirname "$PWD")")
out=${1:-$root/dist/probe}
mkdir -p "$(dirname "$out")"
[ -x "$out" ] && [ -z "$(find . -newer "$out" -type f)" ] && exit 0

gcc -std=gnu17 -D_GNU_SOURCE -O2 -static -Wall -Wextra -Werror -fstack-protector-strong -s \
  -o "$out.$$" probe.c
# A program that runs keeps the old file; one that starts finds the old or the new one, whole.
mv -f "$out.$$" "$out"
echo "built ${out#"$root"/}"
