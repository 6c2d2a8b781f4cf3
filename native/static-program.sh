#!/bin/sh
# Builds one static program of C: native/static-program.sh SOURCE OUT GCC-OPTION... Says nothing and
# does nothing when OUT is newer than all files beside SOURCE.
set -eu
source=$1 out=$2
shift 2
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$(dirname "$out")"
[ -x "$out" ] && [ -z "$(find "$(dirname "$source")" "$0" -newer "$out" -type f)" ] && exit 0

gcc -std=gnu17 -O2 -static -Wall -Wextra -Werror -s "$@" -o "$out.$$" "$source"
# A program that runs keeps the old file; one that starts finds the old or the new one, whole.
mv -f "$out.$$" "$out"
echo "built ${out#"$root"/}"
