# The agent of a host whose kernel holds domains: events, levels, policies and entries.
#   sh lsm-agent.sh COFFERDAM
set -u
mkdir -p /etc/cofferdam/domains /var/lib/cofferdam /run/cofferdam /var/log/cofferdam
policy() {
  cat > /etc/cofferdam/domains/watched.yaml <<END
summary: reads one file, or two
level: enforcing
include: [base]
enter: [{ exec: /tmp/entered }]
files:
  - rx /usr/bin/cat /tmp/entered
  - r /tmp/first $1
END
  chmod 0644 /etc/cofferdam/domains/watched.yaml
}
policy ''
echo first > /tmp/first
echo second > /tmp/second
echo third > /tmp/third
cp /vm/busybox /tmp/entered
"$1" agent > /tmp/agent.log 2>&1 &
agent=$!
until [ -S /run/cofferdam/control.sock ]; do sleep 0.5; done
mkfifo /tmp/watched-turns
sh -c 'while read turn; do /usr/bin/cat /tmp/first /tmp/second; echo "end of $turn"; done' \
  < /tmp/watched-turns > /tmp/watched-answers 2>&1 &
watched=$!
exec 3> /tmp/watched-turns
turn() {
  echo "$1" >&3
  until /vm/busybox grep -q "^end of $1" /tmp/watched-answers; do sleep 0.1; done
}
"$1" adopt --experimental watched $watched
turn enforcing
"$1" domain level watched warning
turn warning
"$1" domain level watched --reset
turn again
policy /tmp/second
"$1" domain reload watched
turn reloaded
/vm/busybox cat /tmp/watched-answers
/tmp/entered cat /tmp/third > /dev/null; echo "outside: $?"
"$1" settings set /UserVars/BpfLsmEntries 1
"$1" domain reload
/tmp/entered cat /tmp/third; echo "inside: $?"
until "$1" events --domain watched | /vm/busybox grep -q third; do sleep 1; done
echo events
"$1" events --domain watched --json
echo why
id=$("$1" events --domain watched --json | /vm/busybox grep /tmp/third |
  /vm/busybox grep -o '"id":"[^"]*"' | /vm/busybox tail -1 | /vm/busybox cut -d'"' -f4)
"$1" why "$id"
echo rest
"$1" settings set /UserVars/BpfLsmEntries 0
"$1" domain reload > /dev/null
/tmp/entered cat /tmp/third > /dev/null; echo "outside again: $?"
exec 3>&-
wait $watched
kill $agent
wait $agent
echo log
/vm/busybox cat /tmp/agent.log
