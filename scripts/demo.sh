#!/usr/bin/env bash
# Sets up what the demonstration needs, then shows it. Exit status 0 only if every step came out as it should.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
exec node dist/demo.js
