#!/bin/sh
# Builds the program that tries features: native/feature-probe/build.sh [OUT]. By default OUT is
# dist/feature-probe. Does nothing when OUT is current.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$(dirname "$here")")
exec "$root/native/static-program.sh" "$here/feature-probe.c" "${1:-$root/dist/feature-probe}" \
  -D_GNU_SOURCE -fstack-protector-strong
