#!/usr/bin/env bash
# Tries a new user's first minutes: in a folder, makes a Debian with nothing but apt, Node and a
# clone. Needs root and debootstrap.
#   scripts/bare-setup.sh            the demonstration three times: as an ordinary user without the
#                                    packages, as root, as an ordinary user with the packages
#   scripts/bare-setup.sh --test     then also npm test
# Packages come from this host's sources. Nothing outside the folder changes. The folder is
# removed at the end, unless KEEP=FOLDER names one to keep and reuse.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/say.sh
. scripts/lib/say.sh

[ "$(id -u)" = 0 ] || die "a new Debian can only be made by root"
command -v debootstrap >/dev/null || die "there is no debootstrap: apt install debootstrap"

clone=$PWD
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(SITE)' | grep -m 1 . || true)
[ -n "$mirror" ] || die "apt knows no mirror: run apt-get update"

tree=${KEEP:-$(mktemp -d /var/tmp/cofferdam-bare.XXXXXX)}
remove() { [ -n "${KEEP:-}" ] || rm -rf --one-file-system "$tree"; }
trap remove EXIT

new_debian() {
  debootstrap --variant=minbase --include=ca-certificates "$release" "$tree" "$mirror" \
    >"$tree.log" 2>&1 || {
    tail -n 5 "$tree.log" >&2
    return 1
  }
  rm -f "$tree.log"
}
mkdir -p "$tree"
chmod 0755 "$tree"
[ -e "$tree/etc/debian_version" ] || step "Debian $release, minbase" new_debian

# Node, and the settings for its packages, are copied from this host.
node=$(node -p process.execPath)
npm=$(dirname "$(readlink -f "$(command -v npm)")")/..
mkdir -p "$tree/usr/lib/node_modules"
cp "$node" "$tree/usr/bin/node"
cp -a "$npm/." "$tree/usr/lib/node_modules/npm"
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$tree/usr/bin/npm"
ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$tree/usr/bin/npx"
for setting in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf.d/*registry* /usr/etc/npmrc \
  /etc/npmrc /etc/resolv.conf /etc/ssl/certs/ca-certificates.crt; do
  [ -e "$setting" ] || continue
  mkdir -p "$tree$(dirname "$setting")"
  cp -L "$setting" "$tree$setting"
done

for owner in root nobody; do
  rm -rf "$tree/srv/$owner"
  git clone -q "$clone" "$tree/srv/$owner"
  # Outside the clone, because what npm and apt keep there is not part of the sources.
  mkdir -p "$tree/srv/home-$owner"
done
chown -R nobody:nogroup "$tree/srv/nobody" "$tree/srv/home-nobody"

# inside USER COMMAND: runs it with the new Debian as root file system, in a mount namespace of its
# own. A plain chroot is not enough: its `/` is no mount point, and the broker refuses names below
# no mount. The process ids stay the host's, because the kernel gives audit records only to the
# first pid namespace.
inside() {
  local user=$1
  shift
  unshare --mount bash -euc '
    user=$2; mount --bind "$1" "$1"; cd "$1"; shift 2
    mount --rbind /sys sys; mount --rbind /dev dev; mount --rbind /proc proc
    mount -t tmpfs -o mode=755 run run
    mkdir -p mnt/host; pivot_root . mnt/host
    exec chroot . /bin/sh -euc "
      umount -l /mnt/host; cd /srv/\$1; HOME=/srv/home-\$1; export HOME; user=\$1; shift
      exec setpriv --reuid \$(id -u \$user) --regid \$(id -g \$user) --clear-groups \"\$@\"
    " sh "$user" "$@"' bash "$tree" "$user" "$@"
}

status=0
# expect WANTED TEXT USER COMMAND...: runs the command and says whether its exit status is WANTED.
expect() {
  local wanted=$1 text=$2 got=0
  shift 2
  say "--- $text"
  inside "$@" || got=$?
  if [ "$wanted" = "$got" ]; then
    say "--- $text: exit status $got, as it should"
  else
    say "--- $text: exit status $got, wanted $wanted"
    status=1
  fi
}

[ -e "$tree/usr/bin/gcc" ] ||
  expect 1 "an ordinary user without the packages is told what to install" nobody npm run demo
expect 0 "root: everything is installed" root npm run demo
expect 0 "an ordinary user, now that the packages are there" nobody npm run demo
[ "${1:-}" != --test ] || expect 0 "root: npm test" root npm test
exit "$status"
