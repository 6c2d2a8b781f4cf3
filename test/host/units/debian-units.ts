import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { skipUnless } from "../../support/skip.ts";
import { at } from "./booted-units.ts";
import { BARE, groupOf, shell, showsClone } from "./shell-units.ts";

const hasMemcached = existsSync("/usr/bin/memcached");
const hasRedis = existsSync("/usr/bin/redis-server");

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
  const done = out.replaceAll(/\s+/g, " ");
  expect(done).toContain("zzz.service.d/zz-cofferdam.conf written for the domain zzz");
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

test("a unit that only the kernel's engine holds: refused by name, and left out of `--all`", () => {
  const before = at.settings();
  at.domain("aaa", shell("aaa", "aaa.service", "mediation: kernel"));
  at.domain("zzz", shell("zzz", "zzz.service"));
  for (const name of ["aaa.service", "zzz.service"])
    at.service(name, "ExecStart=/usr/bin/sleep 600\n");
  at.host.sh("systemctl start aaa");
  const { status, err } = at.host.cofferdam("unit", "enable", "aaa");
  const flat = err.replaceAll(/\s+/g, " ");
  expect(status).toBe(1);
  expect(flat).toContain("only the bpf-lsm engine holds the domain `aaa`");
  expect(flat).toContain("CFD3014");
  expect(flat).toContain("settings set /UserVars/Engine bpf-lsm");
  expect(at.settings()).toBe(before);
  const protecting = at.host.cofferdam("protect", "--now", "aaa");
  expect(protecting.status).not.toBe(0);
  expect(protecting.err.replaceAll(/\s+/g, " ")).toContain("CFD3014");
  expect(at.settings()).toBe(before);
  expect(at.done("domain", "list")).toMatch(/\n *\d+ +aaa +enforcing +landlock +kernel /);
  const all = at.done("unit", "enable", "--all").replaceAll(/\s+/g, " ");
  expect(all).toContain("aaa.service: left out: only the bpf-lsm engine holds the domain `aaa`");
  expect(at.settings()).toContain("./zzz.service.d/zz-cofferdam.conf");
  expect(at.settings()).not.toContain("./aaa.service.d");
  expect(at.done("unit", "check", "--all")).toContain("aaa.service: left out: ");
  expect(at.host.cofferdam("unit", "status").out).toMatch(/^aaa\.service +aaa +not enabled /m);
  for (const words of [["ps"], ["status"]])
    expect(at.host.cofferdam(...words).out).not.toContain("aaa.service");
  const run = at.host.cofferdam("run", "aaa", "--", "/usr/bin/true");
  expect(run.status).toBe(125);
  expect(run.err).toContain("CFD3014");
  expect(at.host.cofferdam("plan", "aaa").err).toContain("CFD3014");
  at.done("unit", "disable", "--all");
  at.host.sh(`systemctl stop aaa; rm /etc/cofferdam/domains/aaa.yaml \
    /etc/cofferdam/domains/zzz.yaml /etc/systemd/system/aaa.service \
    /etc/systemd/system/zzz.service; systemctl daemon-reload`);
  at.done("domain", "reload");
  expect(at.settings()).toBe(before);
});

test("`check --all` and `disable --all` go on after a unit that fails, and name it", () => {
  const before = at.settings();
  const sleeps = "ExecStart=/usr/bin/sleep 600\n";
  at.domain("aaa", shell("aaa", "aaa.service"));
  at.domain("zzz", shell("zzz", "zzz.service"));
  at.service("zzz.service", sleeps);
  at.done("unit", "enable", "zzz");
  // systemd has a file for it, and does not accept what the file says.
  at.service("aaa.service", "ExecStart=sub/folder\n");
  const checked = at.host.cofferdam("unit", "check", "--all");
  expect(checked.status).toBe(1);
  expect(checked.out).toContain("zzz.service: domain zzz, enabled");
  const cause = checked.err.replaceAll(/\s+/g, " ");
  expect(cause).toContain("aaa.service cannot be loaded: ");
  expect(cause).toMatch(/ 1 of \d+ units could not be checked: aaa\.service help: /);
  const both = JSON.parse(at.host.cofferdam("unit", "check", "--json", "aaa", "zzz").out);
  expect(both.units).toMatchObject([{ unit: "zzz.service", state: "enabled" }]);
  expect(both.failed).toMatchObject([{ unit: "aaa" }]);
  const status = at.host.cofferdam("unit", "status");
  expect(status.status).toBe(1);
  expect(status.out).toMatch(/^zzz\.service +zzz +enabled /m);
  // No drop-in of Cofferdam's, though it has that name.
  at.service("aaa.service", sleeps);
  at.write("/etc/systemd/system/aaa.service.d/zz-cofferdam.conf", "[Service]\n");
  at.host.sh("systemctl daemon-reload");
  const disabled = at.host.cofferdam("unit", "disable", "--all");
  expect(disabled.status).toBe(1);
  const why = disabled.err.replaceAll(/\s+/g, " ");
  expect(why).toContain("was not written by `cofferdam unit enable`");
  expect(why).toMatch(/ 1 of \d+ units were not disabled: aaa\.service help: /);
  expect(at.settings()).not.toContain("./zzz.service.d");
  at.host.sh(`rm -r /etc/cofferdam/domains/aaa.yaml /etc/cofferdam/domains/zzz.yaml \
    /etc/systemd/system/aaa.service /etc/systemd/system/aaa.service.d \
    /etc/systemd/system/zzz.service; systemctl daemon-reload`);
  at.done("domain", "reload");
  expect(at.settings()).toBe(before);
});

test("Debian's memcached, with all of its hardening, in its domain and back", async (context) => {
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
  // It may not listen yet.
  await expect.poll(() => at.host.run("bash", "-c", ask).out).toContain("VALUE a 0 2\r\nhi");
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
