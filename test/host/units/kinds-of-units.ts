import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { skipUnless } from "../../support/skip.ts";
import { at } from "./booted-units.ts";
import { BARE, groupOf, shell } from "./shell-units.ts";

const hasDnsmasq = existsSync("/usr/sbin/dnsmasq");

test("a notify service: systemd hears the daemon's own word", () => {
  at.domain("teller", shell("teller", "teller.service"));
  at.service(
    "teller.service",
    "Type=notify\nExecStart=systemd-notify --ready --status=heard --exec \\; sleep 600\n" +
      "ExecReload=/bin/kill -HUP $MAINPID\nTimeoutStartSec=60\n",
  );
  at.done("unit", "enable", "--now", "teller");
  expect(at.host.show("teller", "StatusText")).toBe("heard");
  expect(at.host.domainOf(at.host.show("teller", "MainPID"))).toBe("teller");
  expect(at.host.run("systemctl", "reload", "teller").status).toBe(0);
  at.host.sh("systemctl stop teller");
  at.done("unit", "disable", "teller");
});

test("a oneshot: each of its commands, with quotes, specifiers and names of its own", () => {
  const files = "RuntimeDirectory=steps\nRuntimeDirectoryPreserve=yes\n";
  const held = "( : >/run/outside ) 2>/dev/null || echo held";
  const write = `/bin/sh -c '{ echo "$0: $*"; ${held}; } >>/run/steps/said'`;
  at.domain("steps", shell("steps", "steps.service"));
  at.service(
    "steps.service",
    `Type=oneshot\n${files}Environment="WORD=two words"\n` +
      `ExecCondition=/bin/sh -c 'echo condition >/run/steps/said; : >/run/steps-free'\n` +
      `ExecStartPre=-/bin/false\nExecStartPre=+/bin/sh -c 'echo outside >>/run/steps/said'\n` +
      `ExecStartPre=!/bin/sh -c 'echo beside >>/run/steps/said; : >/run/steps-free'\n` +
      `ExecStart=${write} "%n" $WORD "\${WORD}" ; :${write} '$WORD' a\\x20b \\;\n` +
      "ExecStart=@/bin/sh named -c 'echo \"$0\" >>/run/steps/said'\n" +
      `ExecStartPost=${write} after\n`,
  );
  at.done("unit", "enable", "steps");
  expect(at.host.run("systemctl", "start", "steps").err).toBe("");
  expect(at.host.sh("cat /run/steps/said").trim().split("\n")).toEqual([
    "condition",
    "outside",
    "beside",
    ...["steps.service: two words two words", "held"],
    ...["$WORD: a b ;", "held"],
    "named",
    ...["after: ", "held"],
  ]);
  const journal = at.host.sh("journalctl -q -o cat -u steps --no-pager");
  expect(journal).toContain("Starting steps.service");
  expect(journal).not.toContain("left-over process");
  at.done("unit", "disable", "steps");
});

test("a command that the policy leaves outside the domain, and a later policy change", () => {
  const left = (outside: string): string =>
    shell("left", "left.service").replace(
      '"left.service" }',
      `"left.service", outside: [${outside}] }`,
    );
  at.domain("left", left("ExecStop"));
  const held = "/bin/sh -c 'if ( : >/run/left-out ); then echo free; else echo held; fi";
  const said = "2>/dev/null >>/run/left/said'";
  at.service(
    "left.service",
    "Type=oneshot\nRemainAfterExit=yes\nRuntimeDirectory=left\nRuntimeDirectoryPreserve=yes\n" +
      `ExecStart=${held} ${said}\nExecReload=${held} ${said}\nExecStop=${held} ${said}\n`,
  );
  at.done("unit", "enable", "left");
  at.host.sh("systemctl start left; systemctl reload left; systemctl stop left");
  expect(at.host.sh("cat /run/left/said")).toBe("held\nheld\nfree\n");
  expect(at.done("unit", "status", "left")).toContain("enabled");
  at.domain("left", left(""));
  expect(at.host.cofferdam("unit", "status", "left")).toMatchObject({
    status: 1,
    out: expect.stringContaining("changed since: enable it again"),
  });
  at.done("unit", "enable", "left");
  at.host.sh("systemctl start left; systemctl stop left; rm -f /run/left-out");
  expect(at.host.sh("tail -n 2 /run/left/said")).toBe("held\nheld\n");
  at.done("unit", "disable", "left");
});

test("instances of a template: each in the template's domain, or in one of its own", () => {
  at.domain("copies", shell("copies", "copy@.service"));
  at.domain("each@", shell("each", "each@.service"));
  at.service("copy@.service", "ExecStart=/usr/bin/sleep 600\n");
  at.service("each@.service", "ExecStart=/usr/bin/sleep 600\n");
  at.done("unit", "enable", "copy@.service", "each@.service");
  at.host.sh("systemctl start copy@a copy@b each@one");
  const domains = ["copy@a", "copy@b", "each@one"].map((unit) => {
    const pid = at.host.show(unit, "MainPID");
    at.host.sh('until [ "$(cat "/proc/$1/comm")" = sleep ]; do sleep 0.05; done', pid);
    return at.host.domainOf(pid);
  });
  expect(domains).toEqual(["copies", "copies", "each@one"]);
  at.host.sh("systemctl stop copy@a copy@b each@one");
  at.done("unit", "disable", "copy@.service", "each@.service");
});

const family = `ExecStart=/bin/sh -c 'echo spoken; sleep 600 & echo $$$$ >/run/family/pid; wait'\n`;

test("the unit keeps its own: limits, signals, status and journal reach the whole domain", () => {
  at.domain("family", shell("family", "family.service"));
  at.service("family.service", `RuntimeDirectory=family\nTasksMax=20\n${family}`);
  at.done("unit", "enable", "--now", "family");
  at.host.sh("until [ -s /run/family/pid ]; do sleep 0.05; done");
  const pid = at.host.show("family", "MainPID");
  const group = groupOf(pid);
  expect(group).toMatch(/^\/system\.slice\/family\.service\/cofferdam\/family\.[0-9a-f]{16}\/\d+$/);
  const members = at.host.sh('cat "/sys/fs/cgroup$1/cgroup.procs"', group).trim().split("\n");
  expect(members).toHaveLength(2);
  const status = at.host.sh("systemctl status family --no-pager");
  expect(status).toContain("sleep 600");
  expect(at.host.show("family", "TasksMax")).toBe("20");
  expect(at.host.sh("journalctl -q -o cat _SYSTEMD_UNIT=family.service")).toContain("spoken");
  expect(at.done("ps", "family").trim().split("\n")).toHaveLength(3);
  // Each of them, and not the first alone.
  at.host.sh("systemctl kill --signal=SIGSTOP family");
  const stopped =
    'for p in $1; do until grep -q "^State:.T" "/proc/$p/status"; do sleep 0.05; done; done';
  at.host.sh(stopped, members.join(" "));
  at.host.sh("systemctl kill --signal=SIGCONT family; systemctl stop family");
  for (const member of members)
    expect(at.host.run("test", "-e", `/proc/${member}`).status, member).not.toBe(0);
  at.host.sh(`until [ -z "$(ls /sys/fs/cgroup/cofferdam | grep '^family[.]' |
    while read -r a; do ls -d "/sys/fs/cgroup/cofferdam/$a"/*/ 2>/dev/null; done)" ]
    do sleep 0.1; done`);
  at.done("unit", "disable", "family");
});

test("a service of Type=forking is in its domain", () => {
  at.domain("forks", shell("forks", "forks.service"));
  at.service(
    "forks.service",
    "Type=forking\nRuntimeDirectory=forks\nPIDFile=/run/forks/pid\n" +
      "ExecStart=sh -c 'sleep 600 & echo $! >/run/forks/pid'\n",
  );
  at.done("unit", "enable", "--now", "forks");
  at.becomes(at.host.show("forks", "MainPID"), "forks");
  expect(at.host.show("forks", "ActiveState")).toBe("active");
  at.host.sh("systemctl stop forks");
  at.done("unit", "disable", "forks");
});

test("without PIDFile= systemd takes no holder for the main process, and hears of the end", () => {
  at.domain("parts", shell("parts", "parts.service"));
  at.service("parts.service", "Type=forking\nExecStart=sh -c 'sleep 600 &'\n");
  at.done("unit", "enable", "--now", "parts");
  expect(at.host.show("parts", "MainPID")).toBe("0");
  const { units } = JSON.parse(at.done("unit", "status", "--json", "parts"));
  const [shown] = units;
  at.becomes(String(shown.pid), "parts");
  expect(shown).toMatchObject({ active: "active", runsIn: "parts" });
  at.host.sh('kill "$1"', String(shown.pid));
  at.host.sh('until [ "$(systemctl is-active parts)" = inactive ]; do sleep 0.1; done');
  at.done("unit", "disable", "parts");
});

test("Type=notify-reload: systemd waits for the daemon's word that it has reloaded", () => {
  const script =
    "trap 'systemd-notify --reloading; echo again >/run/reloads/said; " +
    "systemd-notify --ready' HUP; " +
    "systemd-notify --ready; while :; do sleep 600 & wait; done";
  at.domain("reloads", shell("reloads", "reloads.service"));
  at.write("/run/reloads.sh", script);
  at.service(
    "reloads.service",
    "Type=notify-reload\nNotifyAccess=all\nRuntimeDirectory=reloads\n" +
      "ExecStart=sh -c '. /run/reloads/script'\n" +
      "ExecStartPre=+cp /run/reloads.sh /run/reloads/script\n",
  );
  at.done("unit", "enable", "--now", "reloads");
  at.host.sh("systemctl reload reloads");
  expect(at.host.sh("cat /run/reloads/said")).toBe("again\n");
  expect(at.host.show("reloads", "ActiveState")).toBe("active");
  at.host.sh("systemctl stop reloads");
  at.done("unit", "disable", "reloads");
});

test("Type=dbus: systemd waits for the name that dnsmasq takes on the bus", (context) => {
  skipUnless(context, hasDnsmasq, "there is no /usr/sbin/dnsmasq, which set-up installs");
  const name = "uk.org.thekelleys.dnsmasq";
  // Without these it ends at once where clients of the bus may order more of it.
  const needed = "capabilities: [net_raw, net_admin, net_bind_service]";
  const mute = shell("bus", "bus.service", needed).replace("/usr/bin/*", "/usr/sbin/dnsmasq");
  at.domain("bus", mute);
  at.service(
    "bus.service",
    `Type=dbus\nBusName=${name}\nTimeoutStartSec=60\n` +
      "ExecStart=/usr/sbin/dnsmasq --no-daemon --enable-dbus --port=0 --conf-file=/dev/null\n",
  );
  const { status, out } = at.host.cofferdam("unit", "check", "bus");
  expect(out).toContain("network: [connect unix /run/dbus/system_bus_socket]");
  expect(status).toBe(1);
  at.domain("bus", mute.replace("/run/systemd/notify", "/run/dbus/system_bus_socket"));
  at.done("unit", "enable", "--now", "bus");
  expect(at.host.show("bus", "ActiveState")).toBe("active");
  expect(at.host.domainOf(at.host.show("bus", "MainPID"))).toBe("bus");
  const call = `busctl call ${name} /uk/org/thekelleys/dnsmasq ${name} GetVersion`;
  expect(at.host.sh(call)).toMatch(/^s "2[.]/);
  at.host.sh("systemctl stop bus");
  at.done("unit", "disable", "bus");
});

test("Type=idle: the daemon starts when systemd has nothing else to do, in its domain", () => {
  at.domain("idles", shell("idles", "idles.service"));
  at.service("idles.service", "Type=idle\nExecStart=/usr/bin/sleep 600\n");
  at.done("unit", "enable", "--now", "idles");
  at.host.sh('until [ "$(systemctl show -P MainPID idles)" != 0 ]; do sleep 0.05; done');
  at.becomes(at.host.show("idles", "MainPID"), "idles");
  expect(at.host.show("idles", "ActiveState")).toBe("active");
  at.host.sh("systemctl stop idles");
  at.done("unit", "disable", "idles");
});

/** Says what it is, and how it fared when it sent from its own socket to a port without a grant. */
const activated = `
import errno, socket
stream, datagrams = socket.socket(fileno=3), socket.socket(fileno=4)
while True:
    client, _ = stream.accept()
    client.sendall(b"activated")
    client.close()
    _, peer = datagrams.recvfrom(99)
    try:
        datagrams.sendto(b"", ("127.0.0.1", 9))
        said = "sent"
    except OSError as error:
        said = errno.errorcode[error.errno]
    datagrams.sendto(said.encode(), peer)
`;

test("socket activation, under IPAddressDeny=: served, answered, and held, by its domain", () => {
  const deaf = shell("serves", "serves.service")
    .replace("files:", "files:\n  - r /usr/lib/python3*/** /run/serves.py")
    .replace("network: [", "network: [listen tcp 7008, listen udp 7008, ");
  at.domain("serves", deaf);
  at.write("/run/serves.py", activated);
  at.write(
    "/etc/systemd/system/serves.socket",
    "[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=127.0.0.1:7008\n" +
      "ListenDatagram=127.0.0.1:7008\n",
  );
  at.service(
    "serves.service",
    "IPAddressDeny=any\nIPAddressAllow=localhost\nRestrictNamespaces=yes\n" +
      "ExecStart=/usr/bin/python3 -IS /run/serves.py\n",
  );
  // systemd has not loaded the socket: TriggeredBy= of the service is empty.
  const unused = at.done("unit", "check", "serves").replaceAll(/\s+/g, " ");
  expect(unused).toContain("note: if serves.socket is started, it hands sockets to the daemon");
  at.host.sh("systemctl start serves.socket");
  const told = at.host.cofferdam("unit", "check", "serves");
  expect(told.out).toContain("inherit: [listen]");
  expect(told.status).toBe(1);
  at.domain("serves", deaf.replace("stdio-sockets]", "stdio-sockets, listen]"));
  at.done("unit", "enable", "serves");
  const ask = `exec 3<>/dev/tcp/127.0.0.1/7008 4<>/dev/udp/127.0.0.1/7008
    echo >&4
    cat <&3
    timeout 60 dd bs=99 count=1 <&4 2>/dev/null`;
  for (const _ of ["first", "restarted"]) {
    expect(at.host.run("bash", "-euc", ask).out).toBe("activatedEACCES");
    const pid = at.host.show("serves", "MainPID");
    expect(at.host.domainOf(pid)).toBe("serves");
    // The programs of its domain hold the socket unit's group, so that no mediator is asked.
    expect(groupOf(pid)).not.toContain(BARE);
    at.host.sh("systemctl stop serves.service");
  }
  at.host.sh("systemctl stop serves.socket");
  at.done("unit", "disable", "serves");
});

/**
 * Gives systemd the socket that it listens on, and takes it from there when it starts again; a
 * client hears which of both.
 */
const storing = `
import os, socket
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.connect(os.environ["NOTIFY_SOCKET"])
def store(name, descriptor):
    socket.send_fds(manager, [f"FDSTORE=1\\nFDNAME={name}".encode()], [descriptor])
if "LISTEN_FDS" in os.environ:
    door = socket.socket(fileno=3)
else:
    door = socket.create_server(("127.0.0.1", 7007))
    store("door", door.fileno())
if os.path.exists("/run/stores/memory"):
    store("memory", os.memfd_create("memory"))
manager.send(b"READY=1")
while True:
    client, _ = door.accept()
    client.sendall(os.environ.get("LISTEN_FDNAMES", "new").encode())
    client.close()
`;

test("FileDescriptorStoreMax=: a socket that the daemon stored outlives its restart", () => {
  const deaf = shell("stores", "stores.service", "memory: [memfd]")
    .replace("files:", "files:\n  - r /usr/lib/python3*/**")
    .replace("network: [", "network: [listen tcp 7007, ");
  at.domain("stores", deaf);
  at.service(
    "stores.service",
    "Type=notify\nFileDescriptorStoreMax=4\nRuntimeDirectory=stores\n" +
      "RuntimeDirectoryPreserve=yes\nExecStart=/usr/bin/python3 -IS /run/stores/storing.py\n",
  );
  at.write("/run/stores/storing.py", storing);
  const told = (): string => at.host.cofferdam("unit", "check", "stores").out;
  expect(told()).toContain("inherit: [listen]");
  at.domain("stores", deaf.replace("stdio-sockets]", "stdio-sockets, listen]"));
  expect(told()).toContain("FileDescriptorStoreMax=");
  at.done("unit", "enable", "--now", "stores");
  const pid = at.host.show("stores", "MainPID");
  expect(at.host.show("stores", "NFileDescriptorStore")).toBe("1");
  // While the daemon is stopped, the kernel takes a client for it; the next process serves it.
  const restart = `systemctl kill --signal=SIGSTOP stores
    until grep -q "^State:.T" "/proc/$1/status"; do sleep 0.05; done
    exec 3<>/dev/tcp/127.0.0.1/7007
    systemctl restart stores
    cat <&3`;
  expect(at.host.run("bash", "-euc", restart, "bash", pid)).toMatchObject({ out: "door", err: "" });
  const next = at.host.show("stores", "MainPID");
  expect(next).not.toBe(pid);
  expect(at.host.domainOf(next)).toBe("stores");
});

test("FileDescriptorStoreMax=: what is no socket is refused with words that help", () => {
  at.write("/run/stores/memory", "");
  at.host.sh("systemctl restart stores");
  expect(at.host.show("stores", "NFileDescriptorStore")).toBe("2");
  expect(at.host.run("systemctl", "restart", "stores").status).not.toBe(0);
  const told = at.host.sh("journalctl -q -o cat -u stores --no-pager");
  expect(told).toMatch(/take the sockets of socket activation: descriptor [34]: ENOTSOCK/);
  expect(told).toContain("systemctl clean --what=fdstore");
  at.host.sh("systemctl reset-failed stores; rm /run/stores/memory; systemctl start stores");
  expect(at.host.show("stores", "NFileDescriptorStore")).toBe("1");
  at.host.sh("systemctl stop stores");
  at.done("unit", "disable", "stores");
});

test("a watchdog hears the daemon, and ends it when it is silent", () => {
  at.domain("dog", shell("dog", "dog.service"));
  at.service(
    "dog.service",
    "Type=notify\nNotifyAccess=all\nWatchdogSec=1\n" +
      "ExecStart=sh -c 'systemd-notify --ready WATCHDOG=1; exec sleep 600'\n",
  );
  at.done("unit", "enable", "dog");
  at.host.sh("systemctl start dog");
  at.host.sh('until [ "$(systemctl show -P Result dog)" = watchdog ]; do sleep 0.05; done');
  at.host.sh("systemctl reset-failed dog");
  at.done("unit", "disable", "dog");
});

test("a timer's service is in its domain, with the words of its EnvironmentFile=", () => {
  at.domain("tick", shell("tick", "tick.service"));
  at.write("/etc/tick.env", "WORD=spoken\n");
  at.write("/etc/systemd/system/tick.timer", "[Timer]\nOnActiveSec=0\n");
  at.service(
    "tick.service",
    "Type=oneshot\nEnvironmentFile=/etc/tick.env\nRuntimeDirectory=tick\n" +
      "RuntimeDirectoryPreserve=yes\n" +
      "ExecStart=sh -c '{ echo $$WORD; cat /etc/shadow; } >/run/tick/said 2>&1; true'\n",
  );
  at.done("unit", "enable", "tick");
  at.host.sh("systemctl start tick.timer");
  at.host.sh("until grep -q denied /run/tick/said; do sleep 0.05; done");
  expect(at.host.sh("cat /run/tick/said")).toMatch(
    /^spoken\n.*\/etc\/shadow: Permission denied\n$/,
  );
  at.host.sh("systemctl stop tick.timer tick");
  at.done("unit", "disable", "tick");
});
