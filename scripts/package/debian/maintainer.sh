# Shared by postinst and prerm. It is gone at the time of postrm, which has its text built in.

# say TEXT: prints a line for the administrator.
say() { echo "cofferdam: $*" >&2; }

has_systemd() { [ -d /run/systemd/system ]; }

# setting KEY: prints its value in the conffile, or nothing.
setting() { sed -n "s/^$1=//p" /etc/cofferdam/cofferdam.conf 2>/dev/null | tail -n 1; }

# is_process PID START: whether process PID runs and began at START (proc_pid_stat(5), field 22).
is_process() {
  [ "$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20)" = "$2" ]
}

# runs_of MODE RECORD...: prints each live run of these records as `DOMAIN (process PID, MODE)`; an
# empty MODE means every mode. Records are symbolic links with the text DOMAIN NUMBER MODE LEVEL
# START HOLDER HOLDER-START.
runs_of() {
  only=$1
  shift
  for record; do
    words=$(readlink "$record" | tr -cd 'A-Za-z0-9._@ -')
    # shellcheck disable=SC2086 # words
    set -- $words
    [ $# -ge 7 ] || continue
    pid=${record##*/}
    is_process "$pid" "$5" || is_process "$6" "$7" || continue
    [ -z "$only" ] || [ "$only" = "$3" ] || continue
    echo "$1 (process $pid, $3)"
  done
}

# roots_runs [MODE]: only root can write these records.
roots_runs() { runs_of "${1:-}" /run/cofferdam/runs/*; }

# runs: of all users. A user can write anything into a record, so it may only be printed.
runs() { runs_of "" /run/cofferdam/runs/* /run/user/*/cofferdam/runs/*; }

# processes BUNDLE [WORD]: prints the ids of processes that run `dist/BUNDLE WORD` in this mount
# namespace, because containers may have their own Cofferdam.
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

# end SIGNAL PID...: signals each process; the list may be empty.
end() {
  signal=$1
  shift
  [ $# = 0 ] || kill "-$signal" "$@" 2>/dev/null || true
}

# Two kinds of process outlive the agent for the sake of root's runs.
mediators() { processes mediator.js shared; processes mediator.js stand-by; }
collectors() { processes cofferdam.js sessions; processes kernel-collector.js; }

# Both mediators are killed at once, because the stand-by would take over from the other. The
# collectors get SIGTERM, because one restores auditing.
end_what_served_runs() {
  # shellcheck disable=SC2046 # numbers of processes
  end KILL $(mediators)
  # shellcheck disable=SC2046
  end TERM $(collectors)
}
