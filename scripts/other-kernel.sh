#!/bin/bash
# Unpacks the cloud kernel of another of Debian's releases, and prints the folder:
#   other-kernel.sh bookworm|trixie-backports|...
#   COFFERDAM_KERNEL=FOLDER npm run test:lsm
# Its lists and packages come from where apt on this host has Debian, and are verified; nothing of
# the host's apt is changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/unpacked.sh
. scripts/lib/unpacked.sh
release=$1
folder=$unpacked_cache/kernel-$release
if [ -d "$folder" ]; then
  echo "$folder"
  exit 0
fi
mkdir -p "$unpacked_cache"
scratch=$(mktemp -d "$unpacked_cache/unfinished.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/{lists,archives}/partial "$scratch/tree/usr/lib"
ln -s usr/lib "$scratch/tree/lib"

apt-get indextargets --format "deb [signed-by=\$(SIGNED_BY)] \$(REPO_URI) $release main" \
  'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sort -u >"$scratch/sources.list"
own=(-o "Dir::Etc::SourceList=$scratch/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o "Dir::State::Lists=$scratch/lists" -o "Dir::Cache=$scratch" -o APT::Sandbox::User=root)
apt-get "${own[@]}" -qq update >&2
depends() { apt-cache "${own[@]}" depends "$1" | awk '$1 == "Depends:" { print $2 }'; }
image=$(depends linux-image-cloud-amd64 | grep '^linux-image-')
# Newer releases have the image and the modules in packages of their own.
for package in "$image" $(depends "$image" | grep -E '^linux-(binary|modules)-' || true); do
  (cd "$scratch" && apt-get "${own[@]}" -qq download "$package" >&2)
done
for package in "$scratch"/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar --extract --keep-directory-symlink -C "$scratch/tree"
done
mkdir -p "$scratch/tree/boot"
for modules in "$scratch/tree"/usr/lib/modules/*; do
  [ ! -e "$modules/vmlinuz" ] || cp "$modules/vmlinuz" "$scratch/tree/boot/vmlinuz-${modules##*/}"
done
mv --no-target-directory "$scratch/tree" "$folder"
echo "$folder"
