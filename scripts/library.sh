#!/usr/bin/env bash
# Sets up, then leads daemons of the library through a server's life in their domains.
#   scripts/library.sh --help
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh test
exec node --import ./scripts/lib/typescript.mjs test/library/main.ts "$@"
