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
const hasRedis = existsSync("/usr/bin/redis-server");
const hasDnsmasq = existsSync("/usr/sbin/dnsmasq");
let at: BootedUnits;

beforeAll(async () => {
  if (missing === null) at = await BootedUnits.boot();
});
afterAll(async () => {
  await at?.powerOff();
});
beforeEach((context) => skipUnless(context, missing === null, missing ?? ""));

function groupOf(pid: string): string {
  return at.host.sh('sed -n s/^0:://p "/proc/$1/cgroup"', pid).trim();
}

/** A control group without programs has this digest. */
const BARE = ".0000000000000000/";

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

test("sshd's unit, while logins get the sandboxed shell, which domains do not: a conflict", () => {
  const setting = "/etc/ssh/sshd_config.d/00-cofferdam-shell.conf";
  expect(at.host.cofferdam("unit", "check", "ssh").out).not.toContain("conflict");
  at.write(setting, "# As the setting writes it.\n");
  const { status, out } = at.host.cofferdam("unit", "check", "ssh");
  at.host.sh('rm "$1"', setting);
  expect(out.replaceAll(/\s+/g, " ")).toMatch(/conflict: \S+ShellSandboxEnabled gives every login/);
  expect(status).toBe(1);
});

test("`--all` is every unit that a policy names and the host has, enabled and back", () => {
  const { units } = JSON.parse(at.host.cofferdam("unit", "check", "--all", "--json").out);
  const names = units.map(({ unit }: { readonly unit: string }) => unit);
  expect(names).toEqual(expect.arrayContaining(["ssh.service", "redis-server.service"]));
  for (const name of names)
    at.write(`/etc/systemd/system/${name}.d/clone.conf`, `[Service]\n${showsClone}`);
  at.host.sh("systemctl daemon-reload");
  const before = at.settings();
  at.done("unit", "enable", "--all");
  const dropIns = names.map((name: string) => `./${name}.d/zz-cofferdam.conf`);
  expect(at.settings().split("\n")).toEqual(expect.arrayContaining(dropIns));
  at.done("unit", "disable", "--all");
  expect(at.settings()).toBe(before);
});

test("`enable --all` goes on after a unit with a conflict, and its end names that unit", () => {
  const before = at.settings();
  const sleeps = "ExecStart=/usr/bin/sleep 600\n";
  // By name, one stands before every other, and one behind.
  at.domain("aaa", shell("aaa", "aaa.service"));
  at.domain("zzz", shell("zzz", "zzz.service"));
  at.service("aaa.service", `${sleeps}PrivatePIDs=yes\n`);
  at.service("zzz.service", sleeps);
  const { status, out, err } = at.host.cofferdam("unit", "enable", "--all");
  const flat = err.replaceAll(/\s+/g, " ");
  expect(status).toBe(1);
  expect(flat).toContain("PrivatePIDs=no");
  expect(flat).toContain("aaa.service cannot be combined with the domain aaa as it is");
  expect(flat).toMatch(/ 1 of \d+ units were not enabled: aaa\.service help: /);
  expect(out).toContain("zzz.service.d/zz-cofferdam.conf written for the domain zzz");
  expect(at.settings()).toContain("./zzz.service.d/zz-cofferdam.conf");
  expect(at.settings()).not.toContain("./aaa.service.d");
  at.done("unit", "disable", "--all");
  const told = at.host.cofferdam("unit", "enable", "--json", "aaa", "zzz");
  expect(told.status).toBe(1);
  expect(JSON.parse(told.out)).toMatchObject({
    units: [{ unit: "zzz.service" }],
    failed: [{ unit: "aaa.service", message: expect.stringContaining("cannot be combined") }],
  });
  expect(JSON.parse(told.err)).toMatchObject({ severity: "error", status: 1 });
  at.done("unit", "disable", "zzz");
  at.host.sh(`rm /etc/cofferdam/domains/aaa.yaml /etc/cofferdam/domains/zzz.yaml \
    /etc/systemd/system/aaa.service /etc/systemd/system/zzz.service; systemctl daemon-reload`);
  at.done("domain", "reload");
  expect(at.settings()).toBe(before);
});

test("Debian's memcached, with all of its hardening, in its domain and back", (context) => {
  skipUnless(context, hasMemcached, "there is no /usr/bin/memcached, which set-up installs");
  at.domain("memcached", memcached);
  at.write("/etc/systemd/system/memcached.service.d/clone.conf", `[Service]\n${showsClone}`);
  at.host.sh("systemctl daemon-reload");
  const before = at.settings();
  expect(at.host.cofferdam("unit", "check", "memcached").status).toBe(0);
  expect(at.settings()).toBe(before);
  at.done("unit", "enable", "--now", "memcached");
  const pid = at.host.show("memcached", "MainPID");
  at.becomes(pid, "memcached");
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
  expect(at.host.domainOf(at.host.show("memcached", "MainPID"))).toBe("");
});

test("Debian's redis-server, with mounts and users of its own, in its domain", (context) => {
  skipUnless(context, hasRedis, "there is no /usr/bin/redis-server, which set-up installs");
  const socket = "/run/redis/test.sock";
  at.host.sh(`for folder in /var/lib/redis /var/log/redis; do
    mount -t tmpfs -o mode=0750,uid=redis,gid=redis cofferdam-test "$folder"; done
    echo "unixsocket ${socket}" >>/etc/redis/redis.conf`);
  at.write("/etc/systemd/system/redis-server.service.d/test.conf", `[Service]\n${showsClone}`);
  at.host.sh("systemctl daemon-reload");
  at.done("unit", "enable", "--now", "redis-server");
  const pid = at.host.show("redis-server", "MainPID");
  expect(at.host.domainOf(pid)).toBe("redis-server");
  const namespace = (one: string): string => at.host.sh('readlink "/proc/$1/ns/user"', one);
  expect(namespace(pid)).not.toBe(namespace("1"));
  expect(groupOf(pid)).not.toContain(BARE);
  expect(at.host.sh(`redis-cli -s ${socket} set a b; redis-cli save`)).toBe("OK\nOK\n");
  at.host.sh("systemctl stop redis-server");
  at.done("unit", "disable", "redis-server");
});

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

test("a unit's user, bounding set, filter and read-only system stay in force", () => {
  const policy = shell("small", "small.service", "user: daemon\ngroup: daemon");
  // Another /var/tmp than the host's, for which no plan of the host's would do.
  at.domain("small", policy.replace("files:", "files:\n  - rwcd /var/tmp/**"));
  at.service(
    "small.service",
    "ExecStart=/bin/sh -c ': >/var/tmp/mine && exec sleep 600'\n" +
      "User=daemon\nGroup=daemon\nCapabilityBoundingSet=\n" +
      "SystemCallFilter=@system-service\nSystemCallFilter=~@privileged @resources\n" +
      "MemoryDenyWriteExecute=yes\nProtectSystem=strict\nPrivateTmp=yes\nRuntimeDirectory=small\n" +
      "PrivateDevices=yes\n" +
      `RestrictSUIDSGID=yes\nNoExecPaths=/\nExecPaths=/usr/bin /usr/lib /lib\n${showsClone}`,
  );
  const { units } = JSON.parse(at.done("unit", "check", "--json", "small"));
  expect(units[0].conflicts).toEqual([]);
  at.done("unit", "enable", "--now", "small");
  const pid = at.host.show("small", "MainPID");
  at.becomes(pid, "small");
  const status = at.host.sh(`cat "/proc/$1/status"`, pid);
  expect(status).toMatch(/^Uid:\t1\t1\t1\t1$/m);
  expect(status).toMatch(/^CapBnd:\t0{16}$/m);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  at.host.sh('until [ -e "/proc/$1/root/var/tmp/mine" ]; do sleep 0.05; done', pid);
  expect(at.host.run("test", "-e", "/var/tmp/mine").status).not.toBe(0);
  expect(at.done("plan", "--unit", "small", "small")).toContain("/var/tmp");
  at.host.sh("systemctl stop small");
  at.done("unit", "disable", "small");
});

/** Sends to an address that the unit allows, to one that it denies, and to a port without a grant. */
const sends = `
import errno, socket
for place in [("127.0.0.1", 9), ("192.0.2.9", 9), ("127.0.0.1", 10)]:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", place)
        print("sent")
    except OSError as error:
        print(errno.errorcode[error.errno])
`;

test("a unit's denied addresses and bound folders stay in force; groups as check says", () => {
  const policy = shell("keeps", "keeps.service", "user: daemon\ngroup: daemon")
    .replace("files:", "files:\n  - r /usr/lib/python3*/** /run/sends.py\n  - rwcd /run/bound/**")
    .replace("network: [", "network: [connect udp 9, ");
  at.domain("keeps", policy);
  at.write("/run/sends.py", sends);
  at.host.sh("mkdir -p /run/bound /run/source; chown daemon: /run/source");
  at.host.sh("ip address add 192.0.2.9/32 dev lo");
  const script =
    "python3 -IS /run/sends.py >/run/bound/said; id -G >>/run/bound/said; exec sleep 600";
  at.service(
    "keeps.service",
    "User=daemon\nGroup=daemon\nSupplementaryGroups=games\nBindPaths=/run/source:/run/bound\n" +
      "IPAddressDeny=any\nIPAddressAllow=localhost\n" +
      `ExecStart=/bin/sh -c '${script}'\n${showsClone}`,
  );
  const advice = "usermod -aG games daemon";
  const told = at.done("unit", "check", "keeps").replaceAll(/\s+/g, " ");
  expect(told).toMatch(new RegExp(`SupplementaryGroups= is not in force: .*\\(${advice}\\)`));
  const said = (): readonly string[] => {
    const pid = at.host.show("keeps", "MainPID");
    at.becomes(pid, "keeps");
    at.host.sh('until [ "$(cat "/proc/$1/comm")" = sleep ]; do sleep 0.05; done', pid);
    return at.host.sh("cat /run/source/said").trim().split("\n");
  };
  at.done("unit", "enable", "--now", "keeps");
  const [own, more] = at.host.sh("getent group daemon games | cut -d: -f3").trim().split("\n");
  expect(said()).toEqual(["sent", "EPERM", "EACCES", own]);
  // Outside the unit's mounts the folder is empty.
  expect(at.host.sh("ls /run/bound")).toBe("");
  at.host.sh(`${advice}; systemctl restart keeps`);
  expect(said()).toEqual(["sent", "EPERM", "EACCES", `${own} ${more}`]);
  at.host.sh("systemctl stop keeps; gpasswd -d daemon games; ip address del 192.0.2.9/32 dev lo");
  at.done("unit", "disable", "keeps");
});

test("a sealed unit maps what it wrote as code; NoExecPaths= holds that, as units.md says", () => {
  at.domain("mapping", shell("mapping", "mapping.service"));
  const loader = "/lib64/ld-linux-x86-64.so.2 /run/mapping/copy";
  const script = `cp /usr/bin/true /run/mapping/copy && ${loader}; echo $? >/run/mapping/said`;
  const ends = (options: string): string => {
    at.service(
      "mapping.service",
      `Type=oneshot\nRemainAfterExit=yes\nRuntimeDirectory=mapping\n${options}` +
        `ExecStart=/bin/bash -c '${script}'\n`,
    );
    at.done("unit", "enable", "--now", "mapping");
    const said = at.host.sh("cat /run/mapping/said").trim();
    at.host.sh("systemctl stop mapping");
    at.done("unit", "disable", "mapping");
    return said;
  };
  expect(ends("")).toBe("0");
  expect(ends(`NoExecPaths=/ /run/mapping\nExecPaths=/usr\n${showsClone}`)).toBe("127");
});

test("the user of DynamicUser= becomes the daemon's, and owns what systemd made for it", () => {
  at.domain("brief", shell("brief", "brief.service", "user: brief"));
  at.service(
    "brief.service",
    "ExecStart=/bin/sh -c ': >/run/brief/mine && exec sleep 600'\n" +
      `DynamicUser=yes\nRuntimeDirectory=brief\nRuntimeDirectoryPreserve=restart\n${showsClone}`,
  );
  at.done("unit", "enable", "--now", "brief");
  const pid = at.host.show("brief", "MainPID");
  at.becomes(pid, "brief");
  const user = at.host.sh("readlink /run/systemd/dynamic-uid/direct:brief").trim();
  expect(at.host.sh(`cat "/proc/$1/status"`, pid)).toContain(
    `\nUid:\t${[user, user, user, user].join("\t")}\n`,
  );
  // Outside, the file is another user's: systemd maps ids on such a directory's mount.
  const file = "/proc/$1/root/run/brief/mine";
  const made = `until [ -e "${file}" ]; do sleep 0.05; done; stat -c %u "${file}"`;
  expect(at.host.sh(made, pid).trim()).toBe(user);
  at.host.sh("systemctl stop brief");
  at.done("unit", "disable", "brief");
});

/** A tree with a shell, which the host does not have by this name. */
const plantTree = `
cd "$1"
mkdir -p usr/bin usr/lib usr/lib64 etc out
ln -s usr/bin usr/lib usr/lib64 .
cp /usr/bin/bash usr/bin/inner
cp /usr/bin/cat /usr/bin/sleep usr/bin
ldd /usr/bin/bash /usr/bin/cat | grep -o '/[^ ]*[.]so[^ ]*' | sort -u | while read -r file; do
  real=$(realpath "$file")
  mkdir -p ".$(dirname "$real")"
  cp "$real" ".$real"
  [ -e ".$file" ] || ln -s "$real" ".$file"
done
echo granted >granted
echo secret >secret
chown daemon: out
`;

/** The disk has no devices of its own; a kernel without loop devices mounts no images. */
const plantImage = `
mkfs.ext4 -q -d "$1" "$1.raw" 64M
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
for number in $(seq 0 15); do
  [ -e "/dev/loop$number" ] || mknod "/dev/loop$number" b 7 "$number"
done
`;

test.for(["RootDirectory=/run/tree", "RootImage=/run/tree.raw"])(
  "a unit with %s runs there, by the names of its tree, and follows its policy",
  (root, context) => {
    const hasLoops = existsSync("/dev/loop-control");
    skipUnless(context, hasLoops || !root.includes("Image"), "the kernel has no loop devices");
    at.host.sh(`[ -d "$1" ] || { mkdir "$1"\n${plantTree}\n}`, "/run/tree");
    if (root.includes("Image")) at.host.sh(plantImage, "/run/tree");
    const policy = shell("tree", "tree.service", "user: daemon\ngroup: daemon").replace(
      "files:",
      "files:\n  - r /granted\n  - rwcd /out/**",
    );
    at.domain("tree", policy);
    at.service(
      "tree.service",
      `${root}\nUser=daemon\nGroup=daemon\nProtectSystem=strict\nReadWritePaths=+/out\n` +
        "CapabilityBoundingSet=\nBindReadOnlyPaths=/etc/passwd /etc/group\n" +
        "ExecStart=/usr/bin/inner -c 'cat /granted /secret >/out/said 2>&1; exec sleep 600'\n",
    );
    at.done("unit", "enable", "--now", "tree");
    const read = (): string => {
      const pid = at.host.show("tree", "MainPID");
      at.becomes(pid, "tree");
      // Its last command shows that it has said everything.
      at.host.sh('until [ "$(cat "/proc/$1/comm")" = sleep ]; do sleep 0.05; done', pid);
      expect(at.host.sh('cat "/proc/$1/status"', pid)).toMatch(/^Uid:\t1\t/m);
      return at.host.sh('cat "/proc/$1/root/out/said"', pid);
    };
    expect(read()).toBe("granted\ncat: /secret: Permission denied\n");
    // Links in the tree are not compared with the host's.
    expect(at.host.cofferdam("domain", "stale").out).not.toMatch(/^tree/m);
    // The launcher in the tree sees that the plan is out of date.
    at.domain("tree", policy.replace("/granted", "/secret"));
    at.host.sh("systemctl restart tree");
    expect(read()).toBe("cat: /granted: Permission denied\nsecret\n");
    at.host.sh("systemctl stop tree");
    at.done("unit", "disable", "tree");
  },
);

/** A daemon that has a child, and says something. */
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

/** In a user namespace it would have all others, which the test's systemd may lack. */
const fewCapabilities = "CapabilityBoundingSet=\n";

test.each([
  ["of the launcher's", ""],
  [
    "of the agent's, as with users of its own the launcher can attach none",
    `PrivateUsers=yes\n${fewCapabilities}`,
  ],
])("a policy that changes reaches the programs on a unit's own group: %s", (_, users) => {
  const some = shell("live", "live.service", "mediation: supervised");
  const policy = some.replace("network: [", "network: [connect tcp 7, ");
  at.domain("live", policy);
  const call = "(echo >/dev/tcp/127.0.0.1/9) >/run/live/said 2>&1";
  at.service(
    "live.service",
    `${users}RuntimeDirectory=live\n` +
      `ExecStart=/bin/bash -c 'while :; do ${call}; sleep 0.1; done'\n`,
  );
  at.done("unit", "enable", "--now", "live");
  const hear = 'until grep -q "$1" /run/live/said; do sleep 0.05; done';
  at.host.sh(hear, "Permission denied");
  expect(groupOf(at.host.show("live", "MainPID"))).not.toContain(BARE);
  at.domain("live", policy.replace("network: [", "network: [connect tcp 9, "));
  at.host.sh(hear, "Connection refused");
  at.domain("live", policy);
  at.host.sh(hear, "Permission denied");
  at.host.sh("systemctl stop live");
  at.done("unit", "disable", "live");
});

test("a unit with users of its own does not start without the agent", () => {
  const policy = shell("alone", "alone.service");
  at.domain("alone", policy.replace("network: [", "network: [connect tcp 7, "));
  at.service(
    "alone.service",
    `PrivateUsers=yes\n${fewCapabilities}Type=exec\nExecStart=/usr/bin/sleep 600\n`,
  );
  at.done("unit", "enable", "--now", "alone");
  const before = at.host.show("alone", "MainPID");
  at.becomes(before, "alone");
  expect(groupOf(before)).not.toContain(BARE);
  const never = "/run/systemd/system/cofferdam-agent.service.d/never.conf";
  at.write(never, "[Unit]\nConditionPathExists=!/\n");
  at.host.sh(
    "systemctl daemon-reload; systemctl stop cofferdam-agent.socket cofferdam-agent alone",
  );
  expect(at.host.run("systemctl", "start", "alone").status).toBe(0);
  // Its first process is the launcher's, until it fails or becomes the daemon.
  at.host.sh(`until [ "$(systemctl show -P ActiveState alone)" = failed ] ||
    [ "$(cat "/proc/$(systemctl show -P MainPID alone)/comm")" = sleep ]; do sleep 0.05; done`);
  expect(at.host.show("alone", "ActiveState")).toBe("failed");
  expect(at.host.sh("journalctl -q -o cat -u alone")).toContain(
    "have the agent attach the domain's programs in the unit: /run/cofferdam/control.sock",
  );
  at.host.sh('rm "$1"; systemctl daemon-reload; systemctl start cofferdam-agent alone', never);
  at.becomes(at.host.show("alone", "MainPID"), "alone");
  at.host.sh("systemctl stop alone");
  at.done("unit", "disable", "alone");
});

test("what cannot be combined is refused with the line to change, and nothing is written", () => {
  at.domain("bad", shell("bad", "bad.service", "user: daemon"));
  const sleeps = "ExecStart=/usr/bin/sleep 600\n";
  at.service("bad.service", `${sleeps}User=games\nPrivatePIDs=yes\n`);
  const before = at.settings();
  const { status, err } = at.host.cofferdam("unit", "enable", "bad");
  expect(status).toBe(1);
  expect(err).toContain("user: games");
  expect(err).toContain("PrivatePIDs=no");
  expect(at.settings()).toBe(before);
  at.service("bad.service", `${sleeps}PrivateUsers=yes\n`);
  expect(at.host.cofferdam("unit", "check", "bad").out).toContain("User=daemon");
  at.service("bad.service", `${sleeps}PrivateUsers=yes\nUser=daemon\nSupplementaryGroups=disk\n`);
  const groups = at.host.cofferdam("unit", "check", "bad").out.replaceAll(/\s+/g, " ");
  expect(groups).toContain("daemon has no group but its own and disk");
  at.service("bad.service", `${sleeps}RootDirectory=/srv/tree\n`);
  expect(at.host.cofferdam("unit", "check", "bad").out).toContain("BindReadOnlyPaths=/etc/passwd");
  const root = `${sleeps}RootImage=/srv/tree.raw\nMountAPIVFS=no\nRootDirectoryStartOnly=yes\n`;
  at.service("bad.service", root.replace("ExecStart=", "ExecStart=+"));
  const tree = at.host.cofferdam("unit", "check", "bad").out;
  for (const line of ["MountAPIVFS=yes", "RootDirectoryStartOnly=no", "without the prefix `+`"])
    expect(tree).toContain(line);
  const folder = dirname(clone);
  at.service("bad.service", `${sleeps}TemporaryFileSystem=${folder}\n`);
  const { err: hidden } = at.host.cofferdam("unit", "enable", "bad");
  expect(hidden.replaceAll(/\s+/g, " ")).toContain(
    `TemporaryFileSystem= hides Cofferdam's own program, ${join(clone, "bin/cofferdam")}`,
  );
  at.service("bad.service", sleeps);
  const lost = "its output is lost";
  expect(at.host.cofferdam("unit", "check", "bad").out).not.toContain(lost);
  at.domain("bad", shell("bad", "bad.service").replace(", stdio-sockets", ""));
  expect(at.host.cofferdam("unit", "check", "bad").out).toContain(lost);
  at.service("bad.service", `${sleeps}IPAddressDeny=any\n`);
  expect(at.host.cofferdam("unit", "check", "bad").out).toContain("IPAddressAllow=localhost");
  at.domain("bad", shell("bad", "bad.service", "ipc: [shm]"));
  at.service("bad.service", `${sleeps}RestrictNamespaces=yes\n`);
  expect(at.host.cofferdam("unit", "check", "bad").out).toContain("RestrictNamespaces=ipc");
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
  const outside = `narrow.service runs unconfined (process ${at.host.show("narrow", "MainPID")})`;
  expect(at.done("ps").replaceAll(/\s+/g, " ")).toContain(outside);
  expect(at.host.cofferdam("status").out.replaceAll(/\s+/g, " ")).toContain(outside);
  const before = at.settings();
  const { status, err } = at.host.cofferdam("unit", "enable", "--now", "narrow");
  expect(status).toBe(1);
  expect(err).toContain("it was restored");
  expect(at.settings()).toBe(before);
  expect(at.host.show("narrow", "ActiveState")).toBe("active");
  expect(at.host.domainOf(at.host.show("narrow", "MainPID"))).toBe("");
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
  const more = `ExecStart=/usr/bin/sleep 700\n${showsClone}`;
  // A view of mounts, a capability, and what cannot be combined: by \`systemctl edit\`.
  for (const line of ["PrivateTmp=yes", "CapabilityBoundingSet=CAP_CHOWN", "PrivatePIDs=yes"]) {
    at.service("edited.service", `${more}${line}\n`);
    expect(at.host.cofferdam("unit", "status", "edited").out, line).toContain("enable it again");
  }
  at.service("edited.service", `${more}PrivateTmp=yes\nCapabilityBoundingSet=CAP_CHOWN\n`);
  at.done("unit", "enable", "edited");
  expect(at.done("unit", "status", "edited")).toContain(" enabled ");
  at.done("unit", "disable", "edited");
});

test("a mount that comes later hides a name from the unit's processes: status tells", () => {
  const policy = shell("hidden", "hidden.service");
  at.host.sh("mkdir /run/hidden; touch /run/hidden/one /run/hidden/other");
  at.domain("hidden", policy.replace("rwcd /run/hidden/**", "r /run/hidden/one"));
  at.service("hidden.service", "ExecStart=/usr/bin/sleep 600\n");
  at.done("unit", "enable", "--now", "hidden");
  at.becomes(at.host.show("hidden", "MainPID"), "hidden");
  expect(at.done("unit", "status", "hidden")).not.toContain("out of reach");
  at.host.sh("cd /run/hidden; mount --bind other one");
  const { out } = at.host.cofferdam("unit", "status", "hidden");
  const stale = at.host.cofferdam("domain", "stale").out;
  at.host.sh("umount /run/hidden/one; systemctl stop hidden");
  expect(out).toContain("; 1 name out of reach: cofferdam domain stale");
  expect(stale).toContain("/run/hidden/one");
  at.done("unit", "disable", "hidden");
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
