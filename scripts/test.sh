#!/usr/bin/env bash
# Runs every check and test. The last line is `N passed, N failed, N skipped`; the exit status is 0
# if none failed.
#   scripts/test.sh [VITEST-ARGUMENT...]   e.g. test/model: only those tests, and the checks
# Without --project=NAME (vitest.config.ts) this is all projects but `debian`.
set -uo pipefail
cd "$(dirname "$0")/.."

purposes=(test)
case " $* " in
  *" --project=debian "*) purposes+=(debian) ;;
  *" --project="*) ;;
  *) set -- '--project=!debian' "$@" ;;
esac
if ! scripts/setup.sh "${purposes[@]}"; then
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi
exec node scripts/test.mjs "$@"
