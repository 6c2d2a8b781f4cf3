# Output of the scripts: one line for each step, with its time; nothing for a step that is done.

say() { printf 'cofferdam: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# step TEXT COMMAND...: prints TEXT, runs the command, prints the time that it took. Returns the
# command's exit status.
step() {
  local text=$1 start=$SECONDS status=0
  shift
  say "$text ..."
  "$@" || status=$?
  if [ "$status" = 0 ]; then
    say "  done in $((SECONDS - start)) s"
  else
    say "  failed (status $status)"
  fi
  return "$status"
}
