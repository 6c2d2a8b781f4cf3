#!/usr/bin/env bash
# Makes a clone ready: npm packages, Debian packages (as root), the bundles in dist/, the native
# front in bin/. If everything is current it says nothing and takes under a second.
#   scripts/setup.sh [test|debian|bench|afternoon]...   also the Debian packages for those
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/packages.sh
. scripts/lib/packages.sh
# shellcheck source=scripts/lib/unpacked.sh
. scripts/lib/unpacked.sh

NODE_MAJOR_MIN=20

command -v node >/dev/null ||
  die "there is no node: install Node.js $NODE_MAJOR_MIN or newer (Debian: apt install nodejs npm)"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$NODE_MAJOR_MIN" ] ||
  die "node $(node -v) is too old: Node.js $NODE_MAJOR_MIN or newer is needed"

want_packages "$packages_build"
command -v gcc >/dev/null ||
  die "there is no gcc, and bin/cofferdam must be built: apt install gcc libc6-dev"
for purpose in "$@"; do
  list="packages_$purpose"
  want_packages "${!list}"
  list="unpacked_$purpose"
  while read -r name package how use; do
    [ -z "$name" ] || want_unpacked "$name" "$package" "$how" "$use"
  done <<<"${!list:-}"
done

# npm writes this file last: if it is not older than the lock file, the tree is complete.
installed=node_modules/.package-lock.json
if [ ! -e $installed ] || [ package-lock.json -nt $installed ]; then
  step "npm packages" npm ci --no-progress --loglevel=error >&2
fi

# A umask of 002 makes files in a clone writable by the group, and Cofferdam refuses policies that
# others may write.
[ ! -O . ] ||
  find "$PWD" domains demo \( -path "$PWD/*" -prune \) -o \( -perm /022 -exec chmod go-w {} + \)

node scripts/build.mjs >&2

native/build-all.sh >&2
