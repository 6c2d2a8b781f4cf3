#!/bin/sh
# Builds the program that makes one call as a target: native/impersonator/build.sh [OUT]. By default
# OUT is dist/impersonator, beside the mediator that starts it. Says nothing and does nothing when
# OUT is current.
set -eu
cd "$(dirname "$0")"
root=$(dirname "$(dirname "$PWD")")
out=${1:-$root/dist/impersonator}
mkdir -p "$(dirname "$out")"
[ -x "$out" ] && [ -z "$(find . -newer "$out" -type f)" ] && exit 0

gcc -std=gnu17 -O2 -static -nostdlib -ffreestanding -fno-stack-protector -Wall -Wextra -Werror -s \
  -o "$out.$$" impersonator.c
# A program that runs keeps the old file; one that starts finds the old or the new one, whole.
mv -f "$out.$$" "$out"
echo "built ${out#"$root"/}"
