import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { parseExecLine } from "../../../src/host/units/exec-line.ts";
import { skipUnless } from "../../support/skip.ts";
import { bootMissing } from "../shell-sandbox/booted-host.ts";
import { clone } from "../shell-sandbox/etc-host.ts";
import { BootedUnits } from "./booted-units.ts";

const missing = bootMissing();
const hasMemcached = existsSync("/usr/bin/memcached");
let at: BootedUnits;

beforeAll(async () => {
  if (missing === null) at = await BootedUnits.boot();
});
afterAll(async () => {
  await at?.powerOff();
});
beforeEach((context) => skipUnless(context, missing === null, missing ?? ""));

/** For units with a /tmp of their own, which hides a clone that lies there. */
const showsClone = clone.startsWith("/tmp/") ? `BindReadOnlyPaths=${clone}\n` : "";

/** A shell's domain, in which it may also write below /run/NAME. */
function shell(name: string, unit: string, more = ""): string {
  return [
    `enter: [{ unit: "${unit}" }]`,
    "level: enforcing",
    "include: [base, name-service]",
    "files:",
    "  - rx /usr/bin/*",
    `  - rwcd /run/${name}/**`,
    `network: [connect unix /run/systemd/notify]`,
    "inherit: [stdio, stdio-sockets]",
    'syscalls: ["@system-service"]',
    `${more}\n`,
  ].join("\n");
}

const memcached = `
enter: [{ unit: memcached.service }]
level: enforcing
include: [base, name-service]
files:
  - rx /usr/bin/memcached /usr/bin/perl
  - rx /usr/share/memcached/scripts/systemd-memcached-wrapper
  - r /etc/memcached.conf /usr/share/perl/** /etc/perl/**
  - rwcd /run/memcached/**
network: [listen tcp 11211]
capabilities: [setuid, setgid]
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`;

test("Debian's memcached, with all of its hardening, in its domain and back", (context) => {
  skipUnless(context, hasMemcached, "there is no /usr/bin/memcached, which set-up installs");
  at.domain("memcached", memcached);
  at.write("/etc/systemd/system/memcached.service.d/clone.conf", `[Service]\n${showsClone}`);
  at.host.sh("systemctl daemon-reload");
  const before = at.settings();
  expect(at.host.cofferdam("unit", "check", "memcached").status).toBe(0);
  expect(at.settings()).toBe(before);
  at.done("unit", "enable", "--now", "memcached");
  const pid = at.show("memcached", "MainPID");
  expect(at.domainOf(pid)).toBe("memcached");
  const ask = `exec 3<>/dev/tcp/127.0.0.1/11211
printf 'set a 0 0 2\\r\\nhi\\r\\nget a\\r\\nquit\\r\\n' >&3; cat <&3`;
  expect(at.host.run("bash", "-c", ask).out).toContain("VALUE a 0 2\r\nhi");
  const status = at.host.sh(`cat "/proc/$1/status"`, pid);
  // CAP_SETGID and CAP_SETUID: what the unit and the policy both leave.
  expect(status).toMatch(/^CapBnd:\t00000000000000c0$/m);
  expect(Number(/^Seccomp_filters:\t(\d+)$/m.exec(status)?.[1])).toBeGreaterThan(10);
  const mounts = (one: string): string => at.host.sh('readlink "/proc/$1/ns/mnt"', one);
  expect(mounts(pid)).not.toBe(mounts("1"));
  // The shared mediator serves it; under the unit's filters Node would not run.
  const names = 'for p in $(cat "$1/cgroup.procs"); do cat "/proc/$p/comm"; done';
  const group = "/sys/fs/cgroup/system.slice/memcached.service";
  expect(at.host.sh(names, group)).not.toContain("node");
  at.done("unit", "disable", "--now", "memcached");
  expect(at.settings()).toBe(before);
  expect(at.domainOf(at.show("memcached", "MainPID"))).toBe("");
});

test("a notify service: systemd hears the daemon's own word", () => {
  at.domain("teller", shell("teller", "teller.service"));
  at.service(
    "teller.service",
    "Type=notify\nExecStart=systemd-notify --ready --status=heard --exec \\; sleep 600\n" +
      "ExecReload=/bin/kill -HUP $MAINPID\nTimeoutStartSec=60\n",
  );
  at.done("unit", "enable", "--now", "teller");
  expect(at.show("teller", "StatusText")).toBe("heard");
  expect(at.domainOf(at.show("teller", "MainPID"))).toBe("teller");
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
      `ExecStartPre=-/bin/false\nExecStartPre=+/bin/sh -c 'echo outside >/run/steps/said'\n` +
      `ExecStart=${write} "%n" $WORD "\${WORD}" ; :${write} '$WORD' a\\x20b \\;\n` +
      "ExecStart=@/bin/sh named -c 'printf %%s \"$0\" >>/run/steps/said'\n",
  );
  at.done("unit", "enable", "steps");
  expect(at.host.run("systemctl", "start", "steps").err).toBe("");
  expect(at.host.sh("cat /run/steps/said").split("\n").slice(0, 5)).toEqual([
    "outside",
    "steps.service: two words two words",
    "held",
    "$WORD: a b ;",
    "held",
  ]);
  expect(at.host.sh("tail -1 /run/steps/said")).toBe("named");
  at.done("unit", "disable", "steps");
});

test("instances of a template: each in the template's domain, or in one of its own", () => {
  at.domain("copies", shell("copies", "copy@.service"));
  at.domain("each@", shell("each", "each@.service"));
  at.service("copy@.service", "ExecStart=/usr/bin/sleep 600\n");
  at.service("each@.service", "ExecStart=/usr/bin/sleep 600\n");
  at.done("unit", "enable", "copy@.service", "each@.service");
  at.host.sh("systemctl start copy@a copy@b each@one");
  const domains = ["copy@a", "copy@b", "each@one"].map((unit) => {
    const pid = at.show(unit, "MainPID");
    at.host.sh('until [ "$(cat "/proc/$1/comm")" = sleep ]; do sleep 0.05; done', pid);
    return at.domainOf(pid);
  });
  expect(domains).toEqual(["copies", "copies", "each@one"]);
  at.host.sh("systemctl stop copy@a copy@b each@one");
  at.done("unit", "disable", "copy@.service", "each@.service");
});

test("a unit's user, bounding set, filter and read-only system stay in force", () => {
  at.domain("small", shell("small", "small.service", "user: daemon\ngroup: daemon"));
  at.service(
    "small.service",
    "ExecStart=/usr/bin/sleep 600\nUser=daemon\nGroup=daemon\nCapabilityBoundingSet=\n" +
      "SystemCallFilter=@system-service\nSystemCallFilter=~@privileged @resources\n" +
      "MemoryDenyWriteExecute=yes\nProtectSystem=strict\nPrivateTmp=yes\nRuntimeDirectory=small\n" +
      `RestrictSUIDSGID=yes\nNoExecPaths=/\nExecPaths=/usr/bin /usr/lib /lib\n${showsClone}`,
  );
  const { units } = JSON.parse(at.done("unit", "check", "--json", "small"));
  expect(units[0].conflicts).toEqual([]);
  at.done("unit", "enable", "--now", "small");
  const pid = at.show("small", "MainPID");
  expect(at.domainOf(pid)).toBe("small");
  const status = at.host.sh(`cat "/proc/$1/status"`, pid);
  expect(status).toMatch(/^Uid:\t1\t1\t1\t1$/m);
  expect(status).toMatch(/^CapBnd:\t0{16}$/m);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  at.host.sh("systemctl stop small");
  at.done("unit", "disable", "small");
});

/** A daemon that has a child, and says something. */
const family = `ExecStart=/bin/sh -c 'echo spoken; sleep 600 & echo $$$$ >/run/family/pid; wait'\n`;

test("the unit stays the unit's: limits, signals, status and journal reach the whole domain", () => {
  at.domain("family", shell("family", "family.service"));
  at.service("family.service", `RuntimeDirectory=family\nTasksMax=20\n${family}`);
  at.done("unit", "enable", "--now", "family");
  at.host.sh("until [ -s /run/family/pid ]; do sleep 0.05; done");
  const pid = at.show("family", "MainPID");
  const group = at.host.sh('sed -n s/^0:://p "/proc/$1/cgroup"', pid).trim();
  expect(group).toMatch(/^\/system\.slice\/family\.service\/cofferdam\/family\.[0-9a-f]{16}\/\d+$/);
  const members = at.host.sh('cat "/sys/fs/cgroup$1/cgroup.procs"', group).trim().split("\n");
  expect(members).toHaveLength(2);
  const status = at.host.sh("systemctl status family --no-pager");
  expect(status).toContain("sleep 600");
  expect(at.show("family", "TasksMax")).toBe("20");
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

test("a policy that changes reaches the programs on a unit's own group", () => {
  const some = shell("live", "live.service", "mediation: supervised");
  const policy = some.replace("network: [", "network: [connect tcp 7, ");
  at.domain("live", policy);
  const call = "(echo >/dev/tcp/127.0.0.1/9) >/run/live/said 2>&1";
  at.service(
    "live.service",
    `RuntimeDirectory=live\nExecStart=/bin/bash -c 'while :; do ${call}; sleep 0.1; done'\n`,
  );
  at.done("unit", "enable", "--now", "live");
  const hear = 'until grep -q "$1" /run/live/said; do sleep 0.05; done';
  at.host.sh(hear, "Permission denied");
  at.domain("live", policy.replace("network: [", "network: [connect tcp 9, "));
  at.host.sh(hear, "Connection refused");
  at.domain("live", policy);
  at.host.sh(hear, "Permission denied");
  at.host.sh("systemctl stop live");
  at.done("unit", "disable", "live");
});

test("what cannot be combined is refused with the line to change, and nothing is written", () => {
  at.domain("bad", shell("bad", "bad.service", "user: daemon"));
  at.service("bad.service", "ExecStart=/usr/bin/sleep 600\nUser=games\nPrivateUsers=yes\n");
  const before = at.settings();
  const { status, err } = at.host.cofferdam("unit", "enable", "bad");
  expect(status).toBe(1);
  expect(err).toContain("user: games");
  expect(err).toContain("PrivateUsers=no");
  expect(at.settings()).toBe(before);
  const folder = dirname(clone);
  at.service("bad.service", `ExecStart=/usr/bin/sleep 600\nTemporaryFileSystem=${folder}\n`);
  const { err: hidden } = at.host.cofferdam("unit", "enable", "bad");
  expect(hidden.replaceAll(/\s+/g, " ")).toContain(
    `TemporaryFileSystem= hides Cofferdam's own program, ${join(clone, "bin/cofferdam")}`,
  );
  const unknown = at.host.cofferdam("unit", "check", "nothing-names-it");
  expect(unknown.status).toBe(3);
});

test("a unit that does not start in its domain is put back, and runs as before", () => {
  at.domain(
    "narrow",
    shell("narrow", "narrow.service").replace("rx /usr/bin/*", "rx /usr/bin/env"),
  );
  at.service(
    "narrow.service",
    "Type=exec\nRestart=on-failure\nExecStart=/usr/bin/env /usr/bin/sleep 600\n",
  );
  at.host.sh("systemctl start narrow");
  const outside = `narrow.service runs unconfined (process ${at.show("narrow", "MainPID")})`;
  expect(at.done("ps").replaceAll(/\s+/g, " ")).toContain(outside);
  expect(at.host.cofferdam("status").out.replaceAll(/\s+/g, " ")).toContain(outside);
  const before = at.settings();
  const { status, err } = at.host.cofferdam("unit", "enable", "--now", "narrow");
  expect(status).toBe(1);
  expect(err).toContain("put back as it was");
  expect(at.settings()).toBe(before);
  expect(at.show("narrow", "ActiveState")).toBe("active");
  expect(at.domainOf(at.show("narrow", "MainPID"))).toBe("");
  at.host.sh("systemctl stop narrow");
});

test("a command that changed since is told of, and taken by enabling again", () => {
  at.domain("edited", shell("edited", "edited.service"));
  at.service("edited.service", "ExecStart=/usr/bin/sleep 600\n");
  at.done("unit", "enable", "edited");
  expect(at.done("unit", "status", "edited")).toContain(" enabled ");
  at.service("edited.service", "ExecStart=/usr/bin/sleep 700\n");
  const { status, out } = at.host.cofferdam("unit", "status", "edited");
  expect(status).toBe(1);
  expect(out).toContain("enable it again");
  at.done("unit", "enable", "edited");
  expect(at.done("unit", "status", "edited")).toContain(" enabled ");
  expect(at.host.sh("systemctl cat edited")).toContain("-- /usr/bin/sleep 700");
  at.done("unit", "disable", "edited");
});

test("command lines are understood as systemd understands them", () => {
  const lines = [
    `/bin/a 'b c' d"e f"g \\x41\\101\\s "\\"" '\\''`,
    "-@/bin/a b c ; /bin/d e ;",
    "/bin/a \\; ';' x;y",
    ":/bin/a $X",
    "/bin/a \\q 'x\\z'",
  ];
  at.service(
    "parsed.service",
    `Type=oneshot\n${lines.map((line) => `ExecStart=${line}\n`).join("")}`,
  );
  const asked = at.host.sh(
    "busctl --json=short get-property org.freedesktop.systemd1 " +
      "/org/freedesktop/systemd1/unit/parsed_2eservice org.freedesktop.systemd1.Service ExecStart",
  );
  const heard = (JSON.parse(asked).data as [string, string[]][]).map(([path, words]) => [
    path,
    words,
  ]);
  const ours = lines
    .flatMap(parseExecLine)
    .map(({ path, prefixes, arguments: words }) => [
      path,
      prefixes.includes("@") ? words : [path, ...words],
    ]);
  expect(ours).toEqual(heard);
});
