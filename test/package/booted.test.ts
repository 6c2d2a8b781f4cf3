import { existsSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { VERSION } from "../../src/cli/version.ts";
import { BootedHost, bootMissing } from "../host/shell-sandbox/booted-host.ts";
import { KEY } from "../host/shell-sandbox/etc-host.ts";
import { skipUnless } from "../support/skip.ts";
import { BUILD_MS, LOWER, type Packages, sharedPackages } from "./packages.ts";
import { rootMissing, ScratchRoot } from "./scratch-root.ts";

const missing = rootMissing() ?? bootMissing() ?? memcachedMissing();
let packages: Packages;
let root: ScratchRoot;
let host: BootedHost;

function memcachedMissing(): string | null {
  return existsSync("/usr/bin/memcached") ? null : "there is no memcached, which set-up installs";
}

/** Before systemd starts: sshd, consoles, nothing of Cofferdam; `eve` logs in with a key. */
const prepare = `
rm -rf /etc/systemd/system/*.wants /etc/systemd/system/*cofferdam* /etc/systemd/system/*.d
rm -rf /etc/ssh/sshd_config.d /etc/ssh/ssh_host_*
mkdir -p /etc/ssh/sshd_config.d
cp /usr/share/openssh/sshd_config /etc/ssh/sshd_config
: >/etc/default/ssh
ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
for unit in tmp.mount systemd-tmpfiles-clean.timer ldconfig.service; do
  ln -sf /dev/null "/etc/systemd/system/$unit"
done
sed '/^BindsTo=dev-/d' /usr/lib/systemd/system/serial-getty@.service \\
  >/etc/systemd/system/serial-getty@.service
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
  host = await BootedHost.boot(root.disk, "default.target", "writable");
  host.sh("ip link set lo up");
}, BUILD_MS);

afterAll(async () => {
  await host?.powerOff();
  await root?.stop();
});

beforeEach((context) => skipUnless(context, missing === null, missing ?? ""));

function dpkg(...words: readonly string[]): string {
  const { status, out, err } = host.run("dpkg", "--no-triggers", "--force-unsafe-io", ...words);
  if (status !== 0) throw new Error(`dpkg ${words.join(" ")}: ${out}${err}`);
  return err;
}

function install(version: string): string {
  return dpkg("--install", packages.of(version).replace(packages.folder, "/srv/packages"));
}

/** What a command of the installed Cofferdam prints; it must succeed. */
function done(...words: readonly string[]): string {
  const { status, out, err } = host.run("cofferdam", ...words);
  if (status !== 0) throw new Error(`cofferdam ${words.join(" ")}: ${out}${err}`);
  return out;
}

function mainPid(unit: string): string {
  return host.sh('systemctl show --value --property=MainPID "$1"', unit).trim();
}

/** What a real client hears, and the domain of who answers it. */
function memcached(): { readonly answer: string; readonly pid: string; readonly domain: string } {
  const ask = `exec 3<>/dev/tcp/127.0.0.1/11211
printf 'set a 0 0 2\\r\\nhi\\r\\nget a\\r\\nquit\\r\\n' >&3; cat <&3`;
  const pid = mainPid("memcached");
  const group = host.sh('sed -n s/^0:://p "/proc/$1/cgroup"', pid);
  return {
    answer: host.run("bash", "-c", ask).out,
    pid,
    domain: /\/cofferdam\/([^/]+)\.[0-9a-f]{16}\//.exec(group)?.[1] ?? "",
  };
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

test("installed, a unit enforced, logins sandboxed, upgraded, removed, purged", async () => {
  install(LOWER);
  expect(host.sh("systemctl is-active cofferdam-agent.service cofferdam-agent.socket")).toBe(
    "active\nactive\n",
  );
  expect(done("ps", "--json")).toBe("[]\n");
  expect(sshLogin()).toBe("outside");

  host.sh('printf %s "$1" >/etc/cofferdam/domains/memcached.yaml', policy);
  done("domain", "reload");
  done("unit", "enable", "--now", "memcached");
  done("settings", "set", KEY, "1");
  host.sh("systemctl daemon-reload; systemctl restart ssh");
  const served = { answer: expect.stringContaining("VALUE a 0 2"), domain: "memcached" };
  await expect.poll(memcached).toMatchObject(served);
  const before = memcached();
  expect(sshLogin()).toBe("inside");
  const agent = mainPid("cofferdam-agent");
  host.sh("sed -i 's/^AGENT_OPTIONS=/&--without-kernel-refusals/' /etc/cofferdam/cofferdam.conf");
  const mediator = processes("mediator.js");

  const said = install(VERSION);
  expect(said).toContain(`go on as version ${LOWER} started them`);
  expect(said).toContain(`memcached (process ${before.pid}, sealed)`);
  expect(memcached()).toEqual(before);
  expect(mainPid("cofferdam-agent")).not.toBe(agent);
  expect(host.sh('tr "\\0" " " <"/proc/$1/cmdline"', mainPid("cofferdam-agent"))).toMatch(
    /agent --without-kernel-refusals $/,
  );
  expect(processes("mediator.js")).toBe(mediator);
  await expect.poll(sshLogin).toBe("inside");
  expect(done("status")).toContain("memcached");

  const removed = dpkg("--remove", "cofferdam");
  expect(removed).toContain("these units no longer start in domains: memcached.service");
  expect(removed).toContain(`memcached (process ${before.pid}, sealed)`);
  expect(memcached()).toEqual(before);
  expect(sshLogin()).toBe("outside");
  expect(host.run("systemctl", "is-active", "cofferdam-agent").out).toBe("inactive\n");
  host.sh("systemctl restart memcached");
  await expect.poll(memcached).toMatchObject({ ...served, domain: "" });

  dpkg("--purge", "cofferdam");
  const left = "find /etc /usr /var /run -xdev -name '*cofferdam*' ! -path '/var/lib/dpkg/*'";
  expect(host.sh(`${left} ! -path '/usr/lib/debug/*'`)).toBe("");
});
