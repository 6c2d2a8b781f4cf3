#!/bin/sh
# Builds the program of `cofferdam probe`: native/probe/build.sh [OUT]. By default OUT is
# dist/probe. Does nothing when OUT is current.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$(dirname "$here")")
exec "$root/native/static-program.sh" "$here/probe.c" "${1:-$root/dist/probe}" \
  -D_GNU_SOURCE -fstack-protector-strong
