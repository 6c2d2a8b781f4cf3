#!/bin/sh
# Builds all native programs of this clone, those that are not current.
set -eu
for part in . impersonator probe feature-probe session; do
  "$(dirname "$0")/$part/build.sh"
done
