import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { VERSION } from "../../src/cli/version.ts";
import type { Outcome } from "../host/shell-sandbox/etc-host.ts";
import { skipUnless } from "../support/skip.ts";
import { Daemon, HELD, prepareDaemons } from "./daemon.ts";
import { endNextPostinst } from "./half-configured.ts";
import { BUILD_MS, LOWER, type Packages, sharedPackages } from "./packages.ts";
import { rootMissing, ScratchRoot } from "./scratch-root.ts";

const missing = rootMissing();
const CONFFILE = "/etc/cofferdam/cofferdam.conf";
const DROP_IN = "/etc/systemd/system/memcached.service.d/zz-cofferdam.conf";
const INSTALLED = "install ok installed";
let packages: Packages;
let root: ScratchRoot;
const daemons: Daemon[] = [];

beforeAll(() => {
  if (missing === null) packages = sharedPackages();
}, BUILD_MS);

beforeEach(async (context) => {
  skipUnless(context, missing === null, missing ?? "");
  root = await ScratchRoot.start(packages.folder);
});
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.end();
  await root?.stop();
});

/** @throws Error where dpkg fails */
function install(version: string): string {
  const outcome = root.dpkg("--install", packages.inRoot(version));
  if (outcome.status !== 0) throw new Error(`${outcome.out}${outcome.err}`);
  return outcome.err;
}

function start(domain: "sealed" | "supervised"): Daemon {
  const daemon = new Daemon(root, domain);
  daemons.push(daemon);
  return daemon;
}

/** Notes every name on the disk but dpkg's own. */
function noteNames(as: string): void {
  root.sh(
    `find /etc /usr /var /run -xdev \\( -path /var/lib/dpkg -o -path /var/cache \\) -prune \\
      -o -print | grep -vx /var/log/dpkg.log | sort >"/srv/names.$1"`,
    as,
  );
}

/** What is there that was not when they were noted (`+`), and what is no more (`-`). */
function changedNames(): string {
  noteNames("after");
  return root.run("sh", "-c", "diff -U 0 /srv/names.before /srv/names.after | grep '^[+-]/'").out;
}

function expectSuccess({ status, out, err }: Outcome): void {
  expect(status, `${out}${err}`).toBe(0);
}

test("installing enables the agent, confines nothing, and needs no network", () => {
  noteNames("before");
  const said = install(VERSION);
  expect(said).toContain("no systemd runs here: have your supervisor start `cofferdam agent`");
  expect(root.state()).toBe(INSTALLED);
  expect(root.run("systemctl", "is-enabled", "cofferdam-agent.service").out).toBe("enabled\n");
  expect(root.run("systemctl", "is-enabled", "cofferdam-agent.socket").out).toBe("enabled\n");
  expect(root.run("cofferdam", "--version").out).toBe(`${VERSION}\n`);
  // It sees the processes of other tests, too: process ids are the host's.
  const listed: readonly { readonly pid: number }[] = JSON.parse(root.sh("cofferdam ps --json"));
  expect(listed.filter(({ pid }) => root.has(pid))).toEqual([]);
  expect(
    changedNames()
      .split("\n")
      .filter((line) => line.includes("/etc/") && !line.endsWith(".wants")),
  ).toEqual([
    "+/etc/cofferdam",
    `+${CONFFILE}`,
    "+/etc/cofferdam/domains",
    "+/etc/needrestart",
    "+/etc/needrestart/conf.d",
    "+/etc/needrestart/conf.d/cofferdam.conf",
    "+/etc/systemd/system/multi-user.target.wants/cofferdam-agent.service",
    "+/etc/systemd/system/sockets.target.wants/cofferdam-agent.socket",
  ]);
});

test("what is installed finds all that it needs in the package", () => {
  install(VERSION);
  const doctor = root.run("cofferdam", "doctor");
  expect(doctor.out).toContain("This host can seal domains.");
  expect(doctor.out).not.toContain("could not tell");
  expect(
    root.run("cofferdam", "explain", "nginx", "write", "/usr/share/cofferdam/domains/x").out,
  ).toContain("it belongs to Cofferdam");
  expect(root.run("cofferdam", "plan", "redis-server").out).toContain("redis-server");
  expect(root.sh("man --where cofferdam-run cofferdam-policy")).toBe(
    "/usr/share/man/man1/cofferdam-run.1.gz\n/usr/share/man/man5/cofferdam-policy.5.gz\n",
  );
  expect(
    root.run(
      "bash",
      "-c",
      ". /usr/share/bash-completion/completions/cofferdam && complete -p cofferdam",
    ).out,
  ).toBe("complete -F _cofferdam cofferdam\n");
  expect(root.run("cofferdam", "agent", "--print-units").out).toContain(
    "ExecStart=/usr/lib/cofferdam/bin/cofferdam agent $AGENT_OPTIONS\n",
  );
});

test("ESXi's names answer from their own package, which needs the same version", () => {
  const esxi = packages.inRoot(VERSION, "cofferdam-esxi");
  install(LOWER);
  expect(root.dpkg("--install", esxi).err).toContain(`cofferdam (= ${VERSION})`);
  install(VERSION);
  expectSuccess(root.dpkg("--configure", "cofferdam-esxi"));
  expect(root.run("esxcfg-advcfg", "-g", "/UserVars/ShellSandboxEnabled").out).toContain("is 0");
  expect(root.run("/usr/lib/cofferdam-esxi/ps", "-TcjstvZ").out).toContain("SecurityDomain");
  expectSuccess(root.dpkg("--purge", "cofferdam-esxi"));
});

test("an upgrade and a downgrade keep in force what is enforced, and name it", async () => {
  install(LOWER);
  prepareDaemons(root);
  const running = [start("sealed"), start("supervised")];
  for (const daemon of running) expect(await daemon.asked()).toBe(HELD);
  for (const [before, version] of [
    [LOWER, VERSION],
    [VERSION, LOWER],
  ] as const) {
    const said = install(version);
    expect(root.run("cofferdam", "--version").out).toBe(`${version}\n`);
    expect(said).toContain(`run as version ${before} started them`);
    expect(said).toContain(`sealed (process ${running[0]?.pid}, sealed)`);
    expect(said).toContain(`supervised (process ${running[1]?.pid}, supervised)`);
    for (const daemon of running) expect(await daemon.asked()).toBe(HELD);
    const later = start("supervised");
    expect(await later.asked()).toBe(HELD);
    await later.end();
  }
});

test("a mediator that dies after the upgrade is followed by one of the new version", async () => {
  install(LOWER);
  prepareDaemons(root);
  const daemon = start("supervised");
  expect(await daemon.asked()).toBe(HELD);
  install(VERSION);
  const mediator = "grep -lsa /usr/lib/cofferdam/dist/mediator.js /proc/[0-9]*/cmdline";
  const find = `for found in $(${mediator}); do process=\${found%/cmdline}
    [ "$(readlink "$process/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ] ||
      [ "$(cat "$process/comm")" != node ] || echo "\${process#/proc/}"; done`;
  const before = root.sh(find);
  expect(before).not.toBe("");
  root.sh(`kill -KILL ${before.trim().replaceAll("\n", " ")}`);
  expect(await daemon.asked()).toBe(HELD);
  expect(root.sh(find)).not.toBe(before);
});

test("a removal is refused, and changes nothing, while a supervised daemon runs", async () => {
  install(VERSION);
  prepareDaemons(root);
  const daemon = start("supervised");
  expect(await daemon.asked()).toBe(HELD);
  noteNames("before");
  const { status, err } = root.dpkg("--remove", "cofferdam");
  expect(status).not.toBe(0);
  expect(err).toContain(`supervised (process ${daemon.pid}, supervised)`);
  expect(err).toContain("WHILE_SUPERVISED=leave");
  expect(root.state()).toBe("deinstall ok installed");
  expect(changedNames()).toBe("");
  expect(await daemon.asked()).toBe(HELD);
  root.sh("sed -i s/WHILE_SUPERVISED=.*/WHILE_SUPERVISED=leave/ /etc/cofferdam/cofferdam.conf");
  const removed = root.dpkg("--remove", "cofferdam");
  expectSuccess(removed);
  expect(removed.err).toContain(`supervised (process ${daemon.pid}, supervised)`);
  expect(await daemon.asked()).toBe(HELD);
});

/** Of a living process: it is the run's first one and its holder. */
const writeRecord = `
pid=$1 start=$(sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20)
mkdir -p /run/user/1000/cofferdam/runs
ln -s "invented 0 supervised enforcing $start $pid $start" /run/user/1000/cofferdam/runs/$pid
chown -hR 1000:1000 /run/user/1000`;

test("what an ordinary user puts on record is named, and holds up no removal", () => {
  install(VERSION);
  root.sh(writeRecord, String(process.pid));
  const removed = root.dpkg("--remove", "cofferdam");
  expectSuccess(removed);
  expect(removed.err).toContain(`invented (process ${process.pid}, supervised)`);
});

/** An sshd by its name, which refuses its configuration and ends at SIGHUP. */
const pretendSshd = `
mount --bind /bin/false /usr/sbin/sshd
cp /bin/sleep /run/sshd
/run/sshd 600 >/dev/null 2>&1 &
echo $! >/run/sshd.pid
mkdir -p /etc/ssh/sshd_config.d
echo "# ours" >/etc/ssh/sshd_config.d/00-cofferdam-shell.conf
mkdir -p "\${1%/*}"
echo "[Service]" >"$1"`;

test("while sshd refuses its configuration, a removal is refused and changes nothing", () => {
  install(VERSION);
  root.sh(pretendSshd, DROP_IN);
  noteNames("before");
  const { status, err } = root.dpkg("--remove", "cofferdam");
  expect(status).not.toBe(0);
  expect(err).toContain("mend what `sshd -t` names");
  expect(changedNames()).toBe("");
  root.sh('kill -0 "$(cat /run/sshd.pid)"; umount /usr/sbin/sshd');
  root.sh("mount --bind /bin/true /usr/sbin/sshd");
  expectSuccess(root.dpkg("--remove", "cofferdam"));
  expect(root.run("ls", DROP_IN).status).not.toBe(0);
});

test("a removal names what stays sealed, and that stays; purging leaves the policies", async () => {
  noteNames("before");
  install(VERSION);
  prepareDaemons(root);
  const daemon = start("sealed");
  expect(await daemon.asked()).toBe(HELD);
  const removed = root.dpkg("--remove", "cofferdam");
  expectSuccess(removed);
  expect(removed.err).toContain(`sealed (process ${daemon.pid}, sealed)`);
  expect(root.state()).toBe("deinstall ok config-files");
  expect(await daemon.asked()).toBe(HELD);
  await daemon.end();
  await expect.poll(() => root.run("ls", "/run/cofferdam/runs").out).toBe("");
  const purged = root.dpkg("--purge", "cofferdam");
  expectSuccess(purged);
  expect(purged.err).toContain("/etc/cofferdam is left, since files there are not the package's");
  expect(changedNames().trim().split("\n")).toEqual(
    ["", "/domains", "/domains/sealed.yaml", "/domains/supervised.yaml"].map(
      (name) => `+/etc/cofferdam${name}`,
    ),
  );
  expect(root.run("ls", "/sys/fs/cgroup/cofferdam").status).not.toBe(0);
});

test("the conffile is the administrator's, and purging does what it says", async () => {
  install(LOWER);
  prepareDaemons(root);
  const daemon = start("supervised");
  expect(await daemon.asked()).toBe(HELD);
  await daemon.end();
  root.sh(`sed -i -e s/KEEP_LOGS=no/KEEP_LOGS=yes/ -e s/POLICIES=no/POLICIES=yes/ ${CONFFILE}`);
  install(VERSION);
  expect(root.sh(`grep ^KEEP_LOGS ${CONFFILE}`)).toBe("KEEP_LOGS=yes\n");
  await expect.poll(() => root.run("ls", "/run/cofferdam/runs").out).toBe("");
  expectSuccess(root.dpkg("--remove", "cofferdam"));
  expect(root.sh("ls /etc/cofferdam/domains")).toBe("sealed.yaml\nsupervised.yaml\n");
  expectSuccess(root.dpkg("--purge", "cofferdam"));
  expect(root.sh("ls /var/log/cofferdam")).toContain("events.jsonl");
  expect(root.run("ls", "/etc/cofferdam", "/var/lib/cofferdam").status).not.toBe(0);
});

test("it can be installed again over itself, and after it was removed", () => {
  install(VERSION);
  install(VERSION);
  expectSuccess(root.dpkg("--remove", "cofferdam"));
  expect(root.run("cofferdam", "--version").status).not.toBe(0);
  install(VERSION);
  expect(root.state()).toBe(INSTALLED);
  expect(root.run("systemctl", "is-enabled", "cofferdam-agent.service").out).toBe("enabled\n");
});

test("an agent that was disabled stays disabled over an upgrade", () => {
  install(LOWER);
  root.sh("systemctl disable cofferdam-agent.service cofferdam-agent.socket 2>&1");
  install(VERSION);
  expect(root.run("systemctl", "is-enabled", "cofferdam-agent.service").out).toBe("disabled\n");
});

/** Another package, which adds a program. */
const OTHER = "/srv/other.deb";
const makeOther = `
mkdir -p /srv/other/DEBIAN /srv/other/usr/bin
echo "#!/bin/sh" >/srv/other/usr/bin/cofferdam-other
printf "%s\n" "Package: cofferdam-other" "Version: 1" "Architecture: all" \
  "Maintainer: a test <test@packages.example>" "Description: a test" >/srv/other/DEBIAN/control
dpkg-deb --build /srv/other "$1"`;

/** What Cofferdam says when the package is installed; dpkg must succeed. */
function installOther(): string {
  expectSuccess(root.dpkg("--install", OTHER));
  expect(root.state()).toBe("install ok triggers-pending");
  const triggered = root.run("dpkg", "--force-unsafe-io", "--triggers-only", "cofferdam");
  expectSuccess(triggered);
  expect(root.state()).toBe(INSTALLED);
  return triggered.err;
}

/** As needrestart reads its configuration (its /usr/sbin/needrestart). */
const NEEDRESTART =
  'our %nrconf; eval do { local(@ARGV, $/) = "/etc/needrestart/conf.d/cofferdam.conf"; <> }; ' +
  "die $@ if $@; print map { qq($_ => $nrconf{override_rc}{$_}\n) } keys %{$nrconf{override_rc}}";

test("after an upgrade of others stale plans are made anew, and it never fails for that", () => {
  install(VERSION);
  root.sh(makeOther, OTHER);
  const stale = () => root.run("cofferdam", "domain", "stale").out;
  prepareDaemons(root);
  root.sh("cofferdam run sealed -- /usr/bin/dash -c :");
  root.sh("sed -i '1i core-dumps: allowed' /etc/cofferdam/domains/sealed.yaml");
  expect(stale()).toBe("sealed: the next start makes its plan anew\n");
  expect(installOther()).toBe("");
  expect(stale()).toBe("nothing is stale\n");
  expect(root.sh('perl -e "$1"', NEEDRESTART)).toBe("");
  // No start of this domain would get a plan: its unit is not to be restarted.
  root.sh("sed -i '1i user: of-no-host' /etc/cofferdam/domains/sealed.yaml");
  root.sh('mkdir -p "${1%/*}"; echo "# Domain sealed\n# Made of 1" >"$1"', DROP_IN);
  expect(installOther()).toContain("cofferdam: sealed: no plan can be made");
  expect(stale().replace(/\s+/g, " ")).toContain("sealed (memcached.service) cannot start: ");
  expect(root.sh('perl -e "$1"', NEEDRESTART)).toBe("(?^:^memcached\\.service$) => 0\n");
  // Nothing was started, and an upgrade of Cofferdam renews what the version before has made.
  expect(root.run("ls", "/run/cofferdam/runs").out).toBe("");
  root.sh("sed -i /^user:/d /etc/cofferdam/domains/sealed.yaml");
  install(VERSION);
  expect(stale()).toBe("nothing is stale\n");
});

test("a half-configured package is configured again, upgraded, or removed", () => {
  for (const cure of [
    () => root.dpkg("--configure", "--pending"),
    () => root.dpkg("--install", packages.inRoot(VERSION)),
    () => root.dpkg("--purge", "cofferdam"),
  ]) {
    root.sh(...endNextPostinst);
    expect(root.dpkg("--install", packages.inRoot(LOWER)).status).not.toBe(0);
    expect(root.state()).toBe("install ok half-configured");
    expectSuccess(cure());
    expect([INSTALLED, ""]).toContain(root.state());
    expectSuccess(root.dpkg("--purge", "cofferdam"));
  }
});

test("a removal puts logins back, also where Cofferdam itself cannot run", () => {
  const dropIns = [
    "/etc/ssh/sshd_config.d/00-cofferdam-shell.conf",
    "/etc/systemd/system/getty@.service.d/50-cofferdam-shell.conf",
  ];
  for (const broken of [false, true]) {
    install(VERSION);
    root.sh('for file; do mkdir -p "${file%/*}"; echo "# ours" >"$file"; done', ...dropIns);
    if (broken) root.sh("rm /usr/lib/cofferdam/dist/cofferdam.js");
    const removed = root.dpkg("--remove", "cofferdam");
    expectSuccess(removed);
    expect(removed.err).toContain("logins no longer enter the domain shell");
    for (const file of dropIns) expect(root.run("ls", file).status).not.toBe(0);
  }
});

test("a removal takes units out of their domains, also those that no policy names any more", () => {
  install(VERSION);
  root.sh(
    'mkdir -p "${1%/*}"; echo "[Service]" >"$1"; echo "[Service]" >"${1%/*}/override.conf"',
    DROP_IN,
  );
  const removed = root.dpkg("--remove", "cofferdam");
  expectSuccess(removed);
  expect(removed.err).toContain("these units no longer start in domains: memcached.service");
  expect(root.sh("ls /etc/systemd/system/memcached.service.d")).toBe("override.conf\n");
});
