#!/usr/bin/env bash
# Sets up, then measures. Progress on standard error, tables on standard output.
#   scripts/bench.sh [--json] [SECTION]...   (bench/main.ts names the sections)
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh bench test
mkdir -p build
banner='import { createRequire as benchRequire } from "node:module";
const require = benchRequire(import.meta.url);'
node_modules/.bin/esbuild bench/main.ts --bundle --platform=node --target=node20 --format=esm \
  --external:koffi --external:esbuild --banner:js="$banner" \
  --outfile=build/bench.mjs --log-level=warning
exec node build/bench.mjs "$@"
