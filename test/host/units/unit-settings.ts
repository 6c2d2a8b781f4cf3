import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { skipUnless } from "../../support/skip.ts";
import { at } from "./booted-units.ts";
import { BARE, groupOf, shell, showsClone } from "./shell-units.ts";

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

test("a unit that a boot starts before the agent is refused: neither would come first", () => {
  at.domain("early", shell("early", "early.service"));
  at.service("early.service", "ExecStart=/usr/bin/sleep 600\n[Unit]\nBefore=sysinit.target\n");
  const { status, err } = at.host.cofferdam("unit", "enable", "early");
  expect(status).toBe(1);
  const said = err.replace(/\s+/g, " ");
  expect(said).toContain("the unit is ordered before sysinit.target");
  expect(said).toContain("early.service cannot be combined with the domain early as it is");
  at.host.sh("test ! -e /etc/systemd/system/early.service.d");
});

/** Tells systemd that another process is its main one, and hangs. */
const tellsMain = `
import os, socket, time
pid = open("/run/tells/other").read().strip()
said = f"READY=1\\nMAINPID={pid}\\nWATCHDOG=trigger".encode()
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(said, os.environ["NOTIFY_SOCKET"])
time.sleep(600)
`;

// Pinned: SECURITY.md, "Programs outside that believe a daemon".
test.each([
  ["root has systemd end any process (pinned)", "root", "failed"],
  ["another user does not, and is heard", "daemon", "active"],
])("by the main process that it tells, %s", (_, user, state) => {
  at.domain(
    "tells",
    shell("tells", "tells.service", `user: ${user}\ngroup: ${user}`).replace(
      "files:",
      "files:\n  - r /usr/lib/python3*/** /run/tells.py",
    ),
  );
  at.write("/run/tells.py", tellsMain);
  at.host.sh("systemd-run --unit=other /usr/bin/sleep 600; mkdir -p /run/tells");
  at.host.sh("systemctl show -P MainPID other >/run/tells/other");
  at.service(
    "tells.service",
    `Type=notify\nUser=${user}\nGroup=${user}\nExecStart=/usr/bin/python3 -IS /run/tells.py\n`,
  );
  at.done("unit", "enable", "tells");
  try {
    // It has succeeded only if the same message was heard.
    at.host.sh("systemctl start tells");
    at.host.sh("for i in $(seq 20); do systemctl -q is-active other || break; sleep 0.1; done");
    expect(at.host.show("other", "ActiveState")).toBe(state);
  } finally {
    at.host.sh("systemctl stop tells other; systemctl reset-failed");
    at.done("unit", "disable", "tells");
  }
});

test("by the pid file that it writes, root has systemd end any process (pinned)", () => {
  at.domain("names", shell("names", "names.service"));
  at.host.sh("systemd-run --unit=another /usr/bin/sleep 600");
  const names = "sh -c 'cat /run/names/other >/run/names/pid; sleep 600 &'";
  at.service(
    "names.service",
    "Type=forking\nRuntimeDirectory=names\nPIDFile=/run/names/pid\n" +
      `ExecStartPre=+sh -c 'systemctl show -P MainPID another >/run/names/other'\n` +
      `ExecStart=${names}\n`,
  );
  at.done("unit", "enable", "names");
  try {
    at.host.sh("systemctl start names && systemctl -q is-active another && systemctl stop names");
    expect(at.host.show("another", "ActiveState")).toBe("inactive");
  } finally {
    // Once it has ended it is no unit any more.
    at.host.sh("systemctl stop another 2>/dev/null || true; systemctl reset-failed");
    at.done("unit", "disable", "names");
  }
});

/** What enters that group stands still, so that it can be seen there. */
const catchesInGroup = `
group=/sys/fs/cgroup/cofferdam
rm -f /run/cofferdam/plans/*
echo 1 >$group/cgroup.freeze
systemctl start --no-block "$1"
tries=0
until [ -n "$(cat $group/cgroup.procs)" ] || [ $tries = 600 ]; do
  sleep 0.05
  tries=$((tries + 1))
done
for pid in $(cat $group/cgroup.procs); do tr "\\0" " " <"/proc/$pid/cmdline"; done
echo 0 >$group/cgroup.freeze`;

test("making a plan before the start leaves the unit's group: its limits are the daemon's", () => {
  at.domain("scant", shell("scant", "scant.service"));
  at.service("scant.service", "TasksMax=8\nMemoryMax=64M\nExecStart=/usr/bin/sleep 600\n");
  at.done("unit", "enable", "scant");
  expect(at.host.sh(catchesInGroup, "scant")).toMatch(/cofferdam run --prepare [0-9a-f]+ scant $/);
  at.host.sh('until [ "$(systemctl show -P MainPID scant)" != 0 ]; do sleep 0.05; done');
  at.becomes(at.host.show("scant", "MainPID"), "scant");
  at.host.sh("systemctl stop scant");
  at.done("unit", "disable", "scant");
});

test("a folder that changes all the time stops no start of a unit that cannot compile", () => {
  const policy = shell("churns", "churns.service").replace(
    "files:",
    "files:\n  - r /run/churn/**\n  - deny r /run/churn/**/key",
  );
  at.domain("churns", policy);
  at.host.sh("mkdir -p /run/churn");
  at.service(
    "churn.service",
    "ExecStart=/usr/bin/sh -c 'while :; do mkdir /run/churn/a; rmdir /run/churn/a; done'\n",
  );
  at.service(
    "churns.service",
    "PrivateTmp=yes\nMemoryDenyWriteExecute=yes\nExecStart=/usr/bin/sleep 600\n",
  );
  at.host.sh("systemctl start churn");
  at.done("unit", "enable", "--now", "churns");
  at.becomes(at.host.show("churns", "MainPID"), "churns");
  at.host.sh("systemctl stop churn churns");
  at.done("unit", "disable", "churns");
});

/**
 * Sends to an address that the unit allows, to one that it denies, and to a port without a grant.
 */
const sends = `
import errno, socket
for place in [("127.0.0.1", 9), ("192.0.2.9", 9), ("127.0.0.1", 10)]:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", place)
        print("sent")
    except OSError as error:
        print(errno.errorcode[error.errno])
`;

test("a unit's denied addresses, bound folders and groups stay in force", () => {
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
  at.done("unit", "enable", "--now", "keeps");
  const pid = at.host.show("keeps", "MainPID");
  at.becomes(pid, "keeps");
  at.host.sh('until [ "$(cat "/proc/$1/comm")" = sleep ]; do sleep 0.05; done', pid);
  const said = at.host.sh("cat /run/source/said").trim().split("\n");
  const [own, more] = at.host.sh("getent group daemon games | cut -d: -f3").trim().split("\n");
  expect(said).toEqual(["sent", "EPERM", "EACCES", `${own} ${more}`]);
  expect(at.done("plan", "--unit", "keeps", "keeps")).toContain(`groups ${own} ${more}`);
  // Outside the unit's mounts the folder is empty.
  expect(at.host.sh("ls /run/bound")).toBe("");
  at.host.sh("systemctl stop keeps; ip address del 192.0.2.9/32 dev lo");
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
