#!/bin/sh
# Builds the program that makes one call as a target: native/impersonator/build.sh [OUT]. By default
# OUT is dist/impersonator, beside the mediator that starts it. Does nothing when OUT is current.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$(dirname "$here")")
exec "$root/native/static-program.sh" "$here/impersonator.c" "${1:-$root/dist/impersonator}" \
  -nostdlib -ffreestanding -fno-stack-protector
