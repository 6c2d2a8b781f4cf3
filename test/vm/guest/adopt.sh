# A running process is adopted, and let go again.
#   sh adopt.sh COFFERDAM
set -u
mkdir -p /etc/cofferdam/domains /var/lib/cofferdam /run/cofferdam /var/log/cofferdam
cat > /etc/cofferdam/domains/held.yaml <<'END'
summary: reads one file
level: enforcing
include: [base]
files:
  - rx /usr/bin/cat
  - r /tmp/given
END
chmod 0644 /etc/cofferdam/domains/held.yaml
echo given > /tmp/given
echo other > /tmp/other
mkfifo /tmp/turns
sh -c 'while read turn; do /usr/bin/cat /tmp/given /tmp/other; done' \
  < /tmp/turns > /tmp/answers 2>&1 5< /tmp/other &
held=$!
exec 3> /tmp/turns
"$1" adopt held 1
"$1" adopt held $held
echo one >&3
until [ "$(/vm/busybox wc -l < /tmp/answers)" -ge 2 ]; do sleep 0.1; done
"$1" agent --unpin
# The kernel detaches each program some time after its last pin has gone.
until /vm/busybox grep -q '^other' /tmp/answers; do echo more >&3; sleep 0.5; done
exec 3>&-
wait $held
cat /tmp/answers
ls /sys/fs/bpf
