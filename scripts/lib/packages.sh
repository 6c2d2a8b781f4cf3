# Debian packages by purpose, one per line: FILE-OR-PROGRAM PACKAGE USE. A name with a slash is a
# file, one without is a program. USE completes "without the package: ...".

packages_build='
gcc                                       gcc         builds bin/cofferdam
/usr/include/stdio.h                      libc6-dev   builds bin/cofferdam
/usr/lib/x86_64-linux-gnu/libbpf.so.1     libbpf1     loads the cgroup programs (root only)
'

packages_test='
nginx               nginx-light       the nginx domain
redis-server        redis-server      the redis-server domain
psql                postgresql        the postgres domain
/usr/bin/pgbench    postgresql        the postgres domain
git                 git               builds a tree in a domain
make                make              builds a tree in a domain
memcached           memcached         the memcached domain
mosquitto           mosquitto         the mosquitto domain
mosquitto_pub       mosquitto-clients the mosquitto domain
/usr/share/dnsmasq/systemd-helper  dnsmasq  the dnsmasq domain
logrotate           logrotate         rotates the logs of daemons in domains
strace              strace            shows which system calls a daemon made
setpriv             util-linux        starts tests as an ordinary user
python3             python3           starts the front as no shell would
groff               groff-base        formats the manual
man                 man-db            shows the manual
zsh                 zsh               its completion
fish                fish              its completion
sshd                openssh-server    logins in the domain shell
ssh                 openssh-client    logins in the domain shell
/usr/lib/systemd/systemd  systemd     boots, for logins at its consoles
/usr/lib/x86_64-linux-gnu/security/pam_systemd.so  libpam-systemd  logins at its consoles
dbus-daemon         dbus              sessions of logins at its consoles
login               login             logins at consoles
rsync               rsync             copies into the domain shell
curl                curl              asks the view socket of the domain shell
tcsh                tcsh              a login shell of its own kind
xz                  xz-utils          unpacks the suites of the kernel
qemu-system-x86_64  qemu-system-x86   boots a stock Debian kernel, and machines in domains
ip                  iproute2          makes network interfaces for virtual machines
qemu-img            qemu-utils        makes and checks disks of virtual machines
busybox             busybox-static    the shell of the virtual machine
cpio                cpio              packs the first file system of the virtual machine
mke2fs              e2fsprogs         makes the disk of the virtual machine
/usr/include/sys/capability.h  libcap-dev  builds the suites of the kernel
/usr/include/bpf/bpf_helpers.h  libbpf-dev  compares the layouts of bpf/ with ours
lintian             lintian           looks at the Debian packages that are made
clang-19            clang-19          rebuilds the shipped BPF object
llvm-strip-19       llvm-19           rebuilds the shipped BPF object
'

# One per line: the name below build/debian, the package, the function that unpacks it, what is
# missing without it. `^PACKAGE` is the one that PACKAGE depends on in this release.
unpacked_test='
stock-kernel  ^linux-image-cloud-amd64  unpack_all        boots in the virtual machine
selftests     ^linux-source             unpack_selftests  the suites of the kernel
apparmor           apparmor             unpack_all        domains beside its profiles
apparmor-profiles  apparmor-profiles    unpack_all        domains beside its profiles
'

packages_afternoon='
/usr/sbin/lighttpd  lighttpd          goes from nothing to enforced
/usr/sbin/haproxy   haproxy           goes from nothing to enforced
valkey-server       valkey-server     goes from nothing to enforced
named               bind9             goes from nothing to enforced
/usr/sbin/nats-server  nats-server    goes from nothing to enforced
'

# Also those of `test` are needed.
packages_debian='
mmdebstrap          mmdebstrap        makes the disks of Debian servers in virtual machines
'

packages_bench='
bwrap               bubblewrap        compared with
firejail            firejail          compared with
wrk                 wrk               loads nginx
curl                curl              waits for nginx
redis-benchmark     redis-tools       loads redis
memcached           memcached         measured, because it answers with sendmsg
/usr/sbin/dnsmasq   dnsmasq-base      measured, because it answers over UDP
'

# shellcheck source=scripts/lib/say.sh
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"

# have NAME: whether the program or file exists.
have() {
  case "$1" in
    */*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ] ;;
  esac
}

# missing_packages LIST: the packages whose file or program is missing, one per line.
missing_packages() {
  local what package use
  while read -r what package use; do
    [ -z "$what" ] || have "$what" || echo "$package"
  done <<<"$1" | sort -u
}

# Package scripts start the services that they install, and no test needs a running nginx. Meanwhile
# a policy-rc.d forbids it (invoke-rc.d(8)).
install_quietly() {
  local policy=/usr/sbin/policy-rc.d ours=no log status=0
  log=$(mktemp)
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 0755 "$policy"
    ours=yes
  fi
  {
    apt-get update &&
      DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
  } >"$log" 2>&1 </dev/null || status=$?
  [ "$ours" = no ] || rm -f "$policy"
  [ "$status" = 0 ] || tail -n 15 "$log" >&2
  rm -f "$log"
  return "$status"
}

# want_packages LIST: as root on Debian installs what is missing; otherwise lists it. Never stops
# the set-up: each test that needs a package says so itself.
want_packages() {
  local missing what package use
  missing=$(missing_packages "$1")
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" = 0 ] && [ -z "${COFFERDAM_NO_APT:-}" ] &&
    command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086 # a list of names
    step "Debian packages: $(echo $missing)" install_quietly $missing || true
  fi
  while read -r what package use; do
    [ -z "$what" ] || have "$what" || say "without $package ($what): $use"
  done <<<"$1"
}
