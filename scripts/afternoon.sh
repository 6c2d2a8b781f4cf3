#!/usr/bin/env bash
# From nothing to enforced, for each daemon of test/afternoon/subjects.ts, or for those named.
#   scripts/afternoon.sh [--json] [NAME...]
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh test afternoon
exec node --import ./scripts/lib/typescript.mjs test/afternoon/main.ts "$@"
