#!/usr/bin/env bash
# Runs every check and test. The last line is `N passed, N failed, N skipped`; the exit status is 0
# if none failed.
#   scripts/test.sh [VITEST-ARGUMENT...]   e.g. test/model: only those tests, and the checks
set -uo pipefail
cd "$(dirname "$0")/.."

if ! scripts/setup.sh test; then
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi
exec node scripts/test.mjs "$@"
