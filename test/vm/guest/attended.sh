# Run by an ordinary user: a domain whose grants only the broker can hold, tried by /vm/try.
#   sh attended.sh COFFERDAM
set -eu
mkdir /tmp/attended
cd /tmp/attended
cat > scene.yaml <<'END'
summary: names that only a broker can hold
level: enforcing
include: [base]
files:
  - rx /vm/try
  - rwcd /tmp/attended/exact /tmp/attended/moved
network:
  - connect tcp 127.0.0.1:7777
  - connect unix /tmp/attended/exact.sock
inherit: [stdio]
syscalls: ["@system-service"]
END
chmod 0644 scene.yaml
node -e '
  const { createServer } = require("node:net");
  const host = "127.0.0.1";
  for (const where of [{ port: 7777, host }, { port: 7778, host }, "exact.sock", "other.sock"])
    createServer((socket) => socket.end()).listen(where);
' &
servers=$!
until [ -S exact.sock ] && [ -S other.sock ]; do sleep 0.1; done
status=0
cat > asked <<'END'
make /tmp/attended/exact
make /tmp/attended/other
rename /tmp/attended/exact /tmp/attended/moved
rename /tmp/attended/moved /tmp/attended/other
unlink /tmp/attended/moved
connect /tmp/attended/exact.sock
connect /tmp/attended/other.sock
tcp 7777
tcp 7778
END
"$1" run --policy scene.yaml -- /vm/try < asked > answers || status=$?
kill "$servers"
while read -r question; do
  read -r answer <&3 || answer=nothing
  echo "$question: $answer"
done < asked 3< answers
exit "$status"
