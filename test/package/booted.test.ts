import { existsSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { VERSION } from "../../src/cli/version.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { type BootedHost, bootMissing } from "../host/shell-sandbox/booted-host.ts";
import { KEY } from "../host/shell-sandbox/etc-host.ts";
import { skipUnless } from "../support/skip.ts";
import { asDebian, bootRoot, done, dpkg } from "./booted-root.ts";
import { BUILD_MS, LOWER, type Packages, sharedPackages } from "./packages.ts";
import { rootMissing, ScratchRoot } from "./scratch-root.ts";

const missing = rootMissing() ?? bootMissing() ?? memcachedMissing();
let packages: Packages;
let root: ScratchRoot;
let host: BootedHost;

function memcachedMissing(): string | null {
  return existsSync("/usr/bin/memcached") ? null : "there is no memcached, which set-up installs";
}

/** `eve` logs in with a key. */
const prepare = `
${asDebian}
rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
systemctl --quiet --root=/ enable ssh.service getty@tty1.service >&2
echo "for anybody" >/srv/anybody
useradd --create-home --home-dir /srv/eve --shell /bin/bash eve
groupadd --force cofferdam
usermod --append --groups cofferdam eve
mkdir /srv/eve/.ssh
cp /etc/ssh/ssh_host_ed25519_key.pub /srv/eve/.ssh/authorized_keys
chown -R eve: /srv/eve/.ssh
`;

const policy = `
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

beforeAll(async () => {
  if (missing !== null) return;
  packages = sharedPackages();
  root = await ScratchRoot.start(packages.folder);
  root.sh(prepare);
  host = await bootRoot(root);
}, BUILD_MS);

afterAll(async () => {
  await host?.powerOff();
  await root?.stop();
});

beforeEach((context) => skipUnless(context, missing === null, missing ?? ""));

function install(version: string): string {
  return dpkg(host, "--install", packages.inRoot(version));
}

function mainPid(unit: string): string {
  return host.show(unit, "MainPID");
}

/** What a real client hears, and the server's process and domain. */
function memcached(): { readonly answer: string; readonly pid: string; readonly domain: string } {
  const ask = `exec 3<>/dev/tcp/127.0.0.1/11211
printf 'set a 0 0 2\\r\\nhi\\r\\nget a\\r\\nquit\\r\\n' >&3; cat <&3`;
  const pid = mainPid("memcached");
  return {
    answer: host.run("bash", "-c", ask).out,
    pid,
    domain: host.domainOf(pid),
  };
}

/** Where the host requires the bpf-lsm engine, and its kernel refuses it as this one does. */
function startsNothingOutside(): void {
  host.sh("systemctl stop memcached; echo bpf-lsm >/var/lib/cofferdam/engine");
  host.sh("systemctl restart cofferdam-agent");
  expect(host.run("systemctl", "start", "memcached").status).not.toBe(0);
  expect(host.show("memcached", "ActiveState")).toBe("inactive");
  const { status, out } = host.run("cofferdam", "status");
  expect(status).toBe(1);
  const text = out.replaceAll(/\s+/g, " ");
  expect(text).toContain("/UserVars/Engine is bpf-lsm, which this kernel does not take");
  expect(text).toContain("memcached.service is not started, because it would be outside");
  expect(host.run("cofferdam", "doctor").out).toContain("The bpf-lsm engine cannot be used here");
  done(host, "settings", "set", "/UserVars/Engine", "auto");
  host.sh("systemctl start memcached");
  expect(host.show("memcached", "DropInPaths")).toBe("");
  expect(memcached().domain).toBe("");
  done(host, "settings", "set", "/UserVars/Engine", "landlock");
}

/** `inside` the sandboxed shell, or `outside`: the domain `shell` may not read the file. */
function sshLogin(): string {
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes"];
  const words = ["-F", "none", "-i", "/etc/ssh/ssh_host_ed25519_key"];
  const where = `if : </srv/anybody; then echo outside; else echo inside; fi 2>/dev/null`;
  return host
    .run("ssh", ...words, ...options.flatMap((option) => ["-o", option]), "eve@127.0.0.1", where)
    .out.trim();
}

function processes(bundle: string): string {
  return host.sh(
    `for found in $(grep -lsa "/usr/lib/cofferdam/dist/$1" /proc/[0-9]*/cmdline); do
      [ "$(cat "\${found%/cmdline}/comm")" != node ] || echo "$found"
    done`,
    bundle,
  );
}

/** Six installations and four starts of services. */
const TIMEOUT_MS = 600_000;

const life = "installed, a unit enforced, logins sandboxed, upgraded, removed, purged";
test(life, { timeout: TIMEOUT_MS }, async () => {
  install(LOWER);
  expect(host.sh("systemctl is-active cofferdam-agent.service cofferdam-agent.socket")).toBe(
    "active\nactive\n",
  );
  // Debian's sshd runs, and its domain is shipped and not entered.
  const listed: readonly { readonly confinement: unknown }[] = JSON.parse(
    done(host, "ps", "--json"),
  );
  expect(listed.filter(({ confinement }) => confinement !== "superDom")).toEqual([]);
  expect(sshLogin()).toBe("outside");

  host.sh('printf %s "$1" >/etc/cofferdam/domains/memcached.yaml', policy);
  done(host, "domain", "reload");
  if (probeHost().features["bpf-lsm"].state !== "yes") startsNothingOutside();
  done(host, "unit", "enable", "--now", "memcached");
  done(host, "settings", "set", KEY, "1");
  host.sh("systemctl daemon-reload; systemctl restart ssh");
  const served = { answer: expect.stringContaining("VALUE a 0 2"), domain: "memcached" };
  await expect.poll(memcached).toMatchObject(served);
  const before = memcached();
  expect(sshLogin()).toBe("inside");
  const agent = mainPid("cofferdam-agent");
  host.sh("sed -i 's/^AGENT_OPTIONS=/&--without-kernel-refusals/' /etc/cofferdam/cofferdam.conf");
  const mediator = processes("mediator.js");

  const said = install(VERSION);
  expect(said).toContain(`run as version ${LOWER} started them`);
  expect(said).toContain(`memcached (process ${before.pid}, sealed)`);
  expect(memcached()).toEqual(before);
  expect(mainPid("cofferdam-agent")).not.toBe(agent);
  expect(host.sh('tr "\\0" " " <"/proc/$1/cmdline"', mainPid("cofferdam-agent"))).toMatch(
    /agent --without-kernel-refusals $/,
  );
  expect(processes("mediator.js")).toBe(mediator);
  await expect.poll(sshLogin).toBe("inside");
  expect(done(host, "status")).toContain("memcached");

  const removed = dpkg(host, "--remove", "cofferdam");
  expect(removed).toContain("these units no longer start in domains: memcached.service");
  expect(removed).toContain(`memcached (process ${before.pid}, sealed)`);
  expect(memcached()).toEqual(before);
  expect(sshLogin()).toBe("outside");
  expect(host.run("systemctl", "is-active", "cofferdam-agent").out).toBe("inactive\n");
  host.sh("systemctl restart memcached");
  await expect.poll(memcached).toMatchObject({ ...served, domain: "" });

  // They served memcached, and outlived the agent.
  expect(processes("mediator.js")).not.toBe("");
  expect(processes("kernel-collector.js")).not.toBe("");
  dpkg(host, "--purge", "cofferdam");
  for (const bundle of ["mediator.js", "kernel-collector.js", "cofferdam.js"])
    expect(processes(bundle)).toBe("");
  const left = "find /etc /usr /var /run -xdev -name '*cofferdam*' ! -path '/var/lib/dpkg/*'";
  expect(host.sh(`${left} ! -path '/usr/lib/debug/*'`)).toBe("/etc/cofferdam\n");
  expect(host.sh("find /etc/cofferdam -type f")).toBe("/etc/cofferdam/domains/memcached.yaml\n");
});
