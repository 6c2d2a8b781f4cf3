#!/bin/sh
# Builds the programs of the session server, its clients and the attendant:
# native/session/build.sh [HOME], by default this clone. Does nothing if they are current. bin/ is
# for outside the sandbox; shell/ is the one folder that the sandbox may use, so it holds files of
# its own and no links.
set -eu
cd "$(dirname "$0")"
home=${1:-$(dirname "$(dirname "$PWD")")}
last=$home/bin/cofferdam-login
mkdir -p "$home/bin" "$home/shell"

[ -x "$last" ] && [ -x "$home/bin/cofferdam-attendant" ] && [ -e "$home/shell/bashrc" ] &&
  [ -z "$(find . -newer "$last" -type f)" ] && exit 0

# A program that runs keeps the old file; one that starts finds the old or the new one, whole.
place() {
  cp "$1" "$2.$$"
  mv -f "$2.$$" "$2"
}
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
compile() {
  gcc -std=gnu17 -D_GNU_SOURCE -O2 -static -Wall -Wextra -Werror -fstack-protector-strong \
    -D_FORTIFY_SOURCE=2 -s '-DSESSIONS_FOLDER="/run/cofferdam-sessions"' -o "$scratch" "$@"
  chmod 0755 "$scratch"
}
compile attendant.c attendant-orders.c attendant-pass.c
place "$scratch" "$home/bin/cofferdam-attendant"
compile client.c
place bashrc "$home/shell/bashrc"
place "$scratch" "$home/shell/supershell"
place "$scratch" "$last"
echo "built bin/cofferdam-login bin/cofferdam-attendant shell/"
