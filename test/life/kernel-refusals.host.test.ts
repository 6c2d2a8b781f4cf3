import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import { readAuditState } from "../../src/kernel/audit/control.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { bootMissing } from "../host/shell-sandbox/booted-host.ts";
import { clone } from "../host/shell-sandbox/etc-host.ts";
import { BootedUnits } from "../host/units/booted-units.ts";
import { type Daemon, isListed } from "../library/daemon.ts";
import { numberless } from "../library/told.ts";
import { needsFeature, skipUnless } from "../support/skip.ts";
import { present } from "./daemons.ts";

/**
 * What the kernel refuses sealed daemons: the audit records of a booted host's processes reach the
 * machine's first network namespace alone, so a collector of that host's log reads them there.
 */
const missing = bootMissing();
const facts = probeHost();
const those = present.filter(({ name }) => name !== "sshd");
const sshd = present.find(({ name }) => name === "sshd");
/** This host has its folders read-only: what these write to is a tmpfs over a copy of it. */
const written = ["lib/mosquitto", "log/mosquitto", "lib/redis", "log/redis", "lib/nginx"].concat([
  ...["log/nginx", "www/html", "lib/postgresql", "log/postgresql"],
]);
/** With the modes and owners of what the host has there, if it has it. */
const own = `[ -e "$1" ] || exit 0
mkdir /run/copied
cp -a "$1/." /run/copied
mount -t tmpfs -o "mode=$(stat -c %a "$1"),uid=$(stat -c %u "$1"),gid=$(stat -c %g "$1")" \
  cofferdam-test "$1"
cp -a /run/copied/. "$1"
rm -r /run/copied`;
/** Where systemd and an administrator make folders: a tmpfs with what the host has there. */
const made = ["/home", "/opt", "/srv", "/var/lib", "/var/log"];
const opened = `new="/run/opened$1"
mkdir -p "$new"
mount -t tmpfs -o mode=0755 cofferdam-test "$new"
for one in "$1"/*/; do
  [ -d "$one" ] || continue
  mkdir "$new/$(basename "$one")"
  mount --rbind "$one" "$new/$(basename "$one")"
done
mount --rbind "$new" "$1"`;
let at: BootedUnits;
let before: ReturnType<typeof readAuditState> | null = null;
let collector: ChildProcess;

/** It has runs and plans in common with the host's own collector, and nothing else. */
const collect = `
mkdir -p /run/outside/runs /run/outside/plans /run/cofferdam/runs /run/cofferdam/plans
: >/run/outside/agent.lock
for one in plans runs agent.lock; do mount --bind "/run/cofferdam/$one" "/run/outside/$one"; done
mount --rbind /run/outside /run/cofferdam
exec "$1" "$2"
`;

beforeAll(async () => {
  if (missing !== null) return;
  before = readAuditState();
  at = await BootedUnits.boot();
  for (const folder of made) at.host.sh(opened, folder);
  for (const folder of written) at.host.sh(own, `/var/${folder}`);
  const program = join(clone, "dist/kernel-collector.js");
  const words = ["sh", "-euc", collect, "sh", process.execPath, program];
  const [nsenter = "", ...args] = at.host.outside(words);
  collector = spawn(nsenter, args, { stdio: ["ignore", "inherit", "inherit"] });
  at.host.sh("until [ -e /run/outside/collector.status ]; do sleep 0.05; done");
});

afterAll(async () => {
  if (before === null) return;
  const ended = once(collector, "exit");
  collector.kill("SIGTERM");
  await ended;
  await at.powerOff();
  expect(readAuditState().enabled).toBe(before.enabled);
});

beforeEach((context) => {
  skipUnless(context, missing === null, missing ?? "");
  needsFeature(context, facts, "audit-read");
  needsFeature(context, facts, "landlock-log");
});

function toldOf(name: string): readonly Event[] {
  const lines = at.host.sh("cat /var/log/cofferdam/events.jsonl").trim().split("\n");
  const events = lines.map((line) => JSON.parse(line) as Event);
  return events.filter(({ domain, verdict }) => domain === name && verdict === "denied");
}

/** As an administrator configures it, in its domain at enforcing. */
function begin({ name, unit, configure }: Daemon): void {
  at.host.sh('bash -euc "$1"', configure);
  if (clone.startsWith("/tmp/"))
    at.write(
      `/etc/systemd/system/${unit}.service.d/clone.conf`,
      `[Service]\nBindReadOnlyPaths=${clone}\n`,
    );
  at.host.sh("systemctl daemon-reload");
  at.done("domain", "level", name, "enforcing");
  at.done("unit", "enable", "--now", unit);
}

/** A client is served by the daemon in its domain. */
async function isServed({ name, unit, client, answer }: Daemon): Promise<void> {
  await expect
    .poll(() => at.host.run("bash", "-c", client).out, { timeout: 60_000 })
    .toContain(answer);
  expect(at.host.domainOf(at.host.show(unit, "MainPID"))).toBe(name);
}

function expectNothingElse(daemon: Daemon): void {
  const unexpected = toldOf(daemon.name)
    .map(numberless)
    .filter((one) => !isListed(daemon, one));
  expect([...new Set(unexpected)]).toEqual([]);
}

test.for(those)(
  "the kernel refuses the sealed $name what is expected, and nothing else",
  async (daemon) => {
    const { name, unit, refused } = daemon;
    begin(daemon);
    await isServed(daemon);
    // What Landlock refuses, which only this collector can tell.
    const byLandlock = () =>
      toldOf(name).filter(({ operation }) => operation === "read").length > 0;
    await expect.poll(byLandlock, { timeout: 60_000 }).toBe(refused.length > 0);
    at.done("unit", "disable", "--now", unit);
    expectNothingElse(daemon);
  },
);

/** The collector has read what the kernel refused before: it tells of a later refusal. */
async function fence(): Promise<void> {
  at.domain(
    "fence",
    `level: enforcing
include: [base]
files: [rx /usr/bin/*]
inherit: [stdio]
syscalls: ["@system-service"]
`,
  );
  at.host.run(...[join(clone, "bin/cofferdam"), "run", "fence", "--", "cat", "/etc/shadow"]);
  const told = () => toldOf("fence").map(({ object }) => object);
  await expect.poll(told, { timeout: 60_000 }).toContain("/etc/shadow");
}

test("the kernel refuses sshd and its sessions nothing: its mediator does", async (context) => {
  skipUnless(context, sshd !== undefined, "there is no sshd, which set-up installs");
  if (sshd === undefined) return;
  begin(sshd);
  await isServed(sshd);
  // A session that may not log in, and one with a terminal.
  expect(at.host.run("ssh", "-oBatchMode=yes", "nobody@127.0.0.1").status).not.toBe(0);
  await isServed({ ...sshd, client: sshd.client.replace("ssh ", "ssh -tt ") });
  await fence();
  at.done("unit", "disable", "--now", "ssh");
  const told = toldOf("sshd");
  expect(told.filter(({ source }) => source === "kernel")).toEqual([]);
  expect(told.map(numberless)).toContain("call keyctl");
  expectNothingElse(sshd);
});
