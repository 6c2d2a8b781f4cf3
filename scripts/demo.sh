#!/usr/bin/env bash
# Sets up what the demonstration needs, then runs it. Exit status 0 means that each step had the
# expected result.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
exec node dist/demo.js
