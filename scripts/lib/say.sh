# How the scripts talk: one line for a step, with its time; nothing for what is already done.

say() { printf 'cofferdam: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# step TEXT COMMAND...: says what it does, does it, says how long it took. Keeps the command's exit status.
step() {
  local text=$1 start=$SECONDS status=0
  shift
  say "$text ..."
  "$@" || status=$?
  if [ "$status" = 0 ]; then say "  done in $((SECONDS - start)) s"; else say "  failed (status $status)"; fi
  return "$status"
}
