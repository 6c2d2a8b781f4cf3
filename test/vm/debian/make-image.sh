#!/bin/sh
# Makes a disk with a Debian on it, as debootstrap would install it, and with further packages.
#   make-image.sh IMAGE MEGABYTES MODULES PACKAGE...
# MODULES is a folder of a kernel's modules, named after its release. Packages come from those of
# this host's sources that are Debian's, their signatures are verified. Nothing of this host's
# configuration gets onto the disk but how apt gets packages.
set -eu
image=$1 megabytes=$2 modules=$3
shift 3
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
scratch=$(mktemp -d "$image.XXXXXX")
trap 'rm -rf --one-file-system "$scratch"' EXIT

apt-get indextargets --format 'deb [signed-by=$(SIGNED_BY)] $(REPO_URI) $(RELEASE) $(COMPONENT)' \
  'Created-By: Packages' 'Origin: Debian' >"$scratch/sources"
[ -s "$scratch/sources" ] || {
  echo "apt knows no Debian source: run apt-get update" >&2
  exit 1
}
apt-config dump | sed -n '/^Acquire::\(https\{0,1\}::\|Check-\)/p' >"$scratch/acquire"
# What it mounts below the tree goes with the namespace, however it ends.
unshare --mount --propagation=private -- mmdebstrap --quiet --mode=root --format=dir \
  --variant=important --aptopt="$scratch/acquire" --include="$(echo "$*" | tr ' ' ,)" \
  "$release" "$scratch/tree" "$scratch/sources" >&2

mkdir -p "$scratch/tree/usr/lib/modules" "$scratch/tree/vm"
cp -a "$modules" "$scratch/tree/usr/lib/modules/"
chroot "$scratch/tree" depmod "${modules##*/}"
ln -s ../usr/lib/systemd/systemd "$scratch/tree/vm/init"
PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -d "$scratch/tree" "$scratch/disk" "${megabytes}M"
mv "$scratch/disk" "$image"
