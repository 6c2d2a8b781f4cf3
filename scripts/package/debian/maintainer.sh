# What the scripts of the package share; sourced by them alone.

# say TEXT: a line for who installs or removes.
say() { echo "cofferdam: $*" >&2; }

has_systemd() { [ -d /run/systemd/system ]; }

# setting KEY: its value in the conffile; nothing where it is not there.
setting() { sed -n "s/^$1=//p" /etc/cofferdam/cofferdam.conf 2>/dev/null | tail -n 1; }

# is_process PID START: it runs, and is the one that began then (proc_pid_stat(5), field 22).
is_process() {
  [ "$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20)" = "$2" ]
}

# runs [MODE]: each run that lives, as `DOMAIN (process PID, MODE)`. Records are symbolic links with
# the text DOMAIN NUMBER MODE LEVEL START HOLDER HOLDER-START; users write theirs themselves.
runs() {
  only=${1:-}
  for record in /run/cofferdam/runs/* /run/user/*/cofferdam/runs/*; do
    words=$(readlink "$record" | tr -cd 'A-Za-z0-9._@ -') || continue
    # shellcheck disable=SC2086 # words
    set -- $words
    [ $# -ge 7 ] || continue
    pid=${record##*/}
    is_process "$pid" "$5" || is_process "$6" "$7" || continue
    [ -z "$only" ] || [ "$only" = "$3" ] || continue
    echo "$1 (process $pid, $3)"
  done
}

# processes BUNDLE [WORD]: those of this mount namespace in which node runs `dist/BUNDLE WORD`. Not
# those of containers, which may have Cofferdam too.
processes() {
  here=$(readlink /proc/self/ns/mnt)
  grep -lsa "/usr/lib/cofferdam/dist/$1" /proc/[0-9]*/cmdline | while read -r found; do
    process=${found%/cmdline}
    case "$(tr '\0' ' ' 2>/dev/null <"$found")" in
      *"/dist/$1 ${2:-}"*)
        [ "$(readlink "$process/ns/mnt")" != "$here" ] || echo "${process#/proc/}"
        ;;
    esac
  done
}

# end SIGNAL PID...: also where none is named.
end() {
  signal=$1
  shift
  [ $# = 0 ] || kill "-$signal" "$@" 2>/dev/null || true
}
