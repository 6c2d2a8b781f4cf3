# Debian packages that tests read without installing them: fetched with apt, unpacked once for
# all clones of this user, and linked from the clone as build/debian/NAME.

unpacked_cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/cofferdam-debian

# Each function gets the package's file and the folder to fill.
unpack_all() { dpkg-deb --extract "$1" "$2"; }

# Only the suites and the headers for compiling them: a fiftieth of the kernel's source.
unpack_selftests() {
  dpkg-deb --fsys-tarfile "$1" |
    tar --extract --to-stdout --wildcards './usr/src/linux-source-*.tar.xz' |
    tar --extract --xz --directory "$2" --strip-components=1 --wildcards \
      'linux-source-*/tools/testing/selftests/*' 'linux-source-*/tools/include/*'
}

# unpack_package PACKAGE FUNCTION FOLDER: atomic, because two clones may do it at once.
unpack_package() {
  local scratch
  mkdir -p "$unpacked_cache"
  scratch=$(mktemp -d "$unpacked_cache/unfinished.XXXXXX")
  mkdir "$scratch/deb" "$scratch/tree"
  # Run by root, apt downloads as its own user if that user can read the folder; only root can read
  # this one.
  if (cd "$scratch/deb" && apt-get download -o APT::Sandbox::User=root "$1" >"$scratch/log" 2>&1) &&
    "$2" "$scratch"/deb/*.deb "$scratch/tree"; then
    mv --no-target-directory "$scratch/tree" "$3" 2>/dev/null || [ -d "$3" ]
  else
    tail -n 5 "$scratch/log" >&2
    rm -rf "$scratch"
    return 1
  fi
  rm -rf "$scratch"
}

# want_unpacked NAME PACKAGE FUNCTION USE: links build/debian/NAME to the unpacked package, or says
# what is missing. Never stops the set-up.
want_unpacked() {
  local name=$1 wanted=${2#^} package folder link=build/debian/$1
  [ ! -e "$link/." ] || return 0
  if [ -n "${COFFERDAM_NO_APT:-}" ] || ! command -v apt-get >/dev/null 2>&1; then
    say "without $wanted: $4"
    return 0
  fi
  package=$(package_meant "$2")
  # A new machine has no package lists yet.
  if [ -z "$package" ] && [ "$(id -u)" = 0 ] && apt-get update >/dev/null 2>&1; then
    package=$(package_meant "$2")
  fi
  folder=$unpacked_cache/$package
  if [ -n "$package" ] && [ ! -d "$folder" ]; then
    step "Debian package, unpacked: $package" unpack_package "$package" "$3" "$folder" || package=
  fi
  if [ -z "$package" ]; then
    say "without $wanted: $4"
    return 0
  fi
  mkdir -p build/debian
  ln -sfn "$folder" "$link"
}

# package_meant PACKAGE|^PACKAGE: the name; nothing if apt does not know the package.
package_meant() {
  case $1 in
  ^*) apt-cache depends "${1#^}" 2>/dev/null | awk '$1 == "Depends:" { print $2; exit }' || true ;;
  *) apt-cache show "$1" 2>/dev/null | sed -n 's/^Package: //p' | head -n 1 || true ;;
  esac
}
