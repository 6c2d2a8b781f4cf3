import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Readiness } from "../../src/cli/ready/reasons.ts";
import { VERSION } from "../../src/cli/version.ts";
import { type BootedHost, bootMissing } from "../host/shell-sandbox/booted-host.ts";
import { type Daemon, isListed } from "../library/daemon.ts";
import { repack } from "../library/repack.ts";
import { toldOf } from "../library/told.ts";
import { asDebian, bootRoot, done, dpkg } from "../package/booted-root.ts";
import { BUILD_MS, clone, LOWER, type Packages, sharedPackages } from "../package/packages.ts";
import { DPKG, rootMissing, ScratchRoot } from "../package/scratch-root.ts";
import { skipUnless } from "../support/skip.ts";
import { daemons, present, session } from "./daemons.ts";
import { hearOverNetwork, removeNetwork, replaceInterface } from "./network.ts";

/**
 * What happens to a server in its years, in an hour's order: each step is done for every daemon,
 * with Debian's units unchanged and a real client after it.
 */
const missing = rootMissing() ?? bootMissing();
const units = present.map(({ unit }) => unit);
const packaged = present.map(({ upgrade }) => upgrade).filter((name) => name !== null);
let packages: Packages;
let root: ScratchRoot;
let host: BootedHost;
/** Of {@link servedOverNetwork}, before there are domains. */
let outside: Readonly<Record<string, readonly boolean[]>>;

beforeAll(async () => {
  if (missing !== null) return;
  packages = sharedPackages();
  root = await ScratchRoot.start(packages.folder);
  root.sh(asDebian);
  for (const daemon of present) {
    root.sh('bash -euc "$1"', daemon.configure);
    root.sh('systemctl --quiet --root=/ enable "$1"', daemon.unit);
  }
  for (const name of packaged) repack(root, name);
  host = await bootRoot(root);
}, BUILD_MS);

afterAll(async () => {
  await host?.powerOff();
  await root?.stop();
});

beforeEach((context) => skipUnless(context, missing === null, missing ?? ""));

/** Asked after a day; a second after `protect`, the daemon may not have started. */
const READY = "cofferdam ready memcached";
const READY_AT_LAST = `for i in $(seq 60); do ${READY} --least 1s && exit; sleep 1; done; exit 1`;

/** The commands of the README for memcached, without the one that installs the package. */
const walk = readFileSync(join(clone, "README.md"), "utf8")
  .split("\n")
  .filter((line) => /^ {4}cofferdam .*\bmemcached\b/.test(line))
  .map((line) => line.trim())
  // Neither a day at level warning nor ten minutes of watching are for a test.
  .map((line) => line.replace(READY, READY_AT_LAST))
  .map((line) => line.replace(" enforce memcached", "$& --least 1s --watch 5s"));

function mainPid(daemon: Daemon): string {
  return host.show(daemon.unit, "MainPID");
}

/** What a client hears. A daemon that has just started may not listen yet. */
async function serves(daemon: Daemon, domain: string): Promise<void> {
  const look = () => ({
    domain: host.domainOf(mainPid(daemon)),
    heard: host.run("bash", "-c", daemon.client).out,
  });
  await expect
    .poll(look, { timeout: 60_000 })
    .toMatchObject({ domain, heard: expect.stringContaining(daemon.answer) });
}

async function allServe(domain: (daemon: Daemon) => string): Promise<void> {
  for (const daemon of present) await serves(daemon, domain(daemon));
}

const inItsDomain = ({ name }: Daemon): string => name;

/** In one transaction, so that what starts uses all processors. */
function restart(these: readonly Daemon[]): void {
  host.sh('systemctl restart "$@"', ...these.map(({ unit }) => unit));
}

async function reload(daemon: Daemon): Promise<void> {
  const unit = daemon.unit;
  const { reloaded } = daemon;
  const mark = () => (reloaded === undefined ? "" : host.run("bash", "-c", reloaded).out);
  const before = mark();
  if (host.show(unit, "CanReload") === "yes") host.sh('systemctl reload "$1"', unit);
  if (reloaded !== undefined) await expect.poll(mark, { timeout: 60_000 }).not.toBe(before);
  if (daemon.logrotate !== null) host.sh('logrotate --force "$1"', daemon.logrotate);
}

async function reloadAll(): Promise<void> {
  for (const daemon of present) await reload(daemon);
}

/** Until an interface's neighbours know each other, and a daemon has seen its address. */
const NETWORK_WAIT = { timeout: 60_000, interval: 100 };

function expectNothingElseTold(): void {
  const log = host.run("cat", "/var/log/cofferdam/events.jsonl").out;
  for (const daemon of present) {
    const unexpected = toldOf(daemon.name, log).filter((one) => !isListed(daemon, one));
    expect({ daemon: daemon.name, unexpected }).toEqual({ daemon: daemon.name, unexpected: [] });
  }
}

const networked = present.filter(({ overNetwork }) => overNetwork !== undefined);

/**
 * For each daemon, whether another host is served at each of two addresses: the second comes with
 * another interface, while the daemon runs.
 */
async function servedOverNetwork(): Promise<Readonly<Record<string, readonly boolean[]>>> {
  const served: Record<string, boolean[]> = {};
  const pids = networked.map(mainPid);
  for (const address of ["198.51.100.1", "198.51.100.2"]) {
    replaceInterface(host, address);
    for (const { name, overNetwork } of networked) {
      const { client = "", answer = "" } = overNetwork ?? {};
      const isServed = await vi
        .waitFor(
          () => expect(hearOverNetwork(host, client, address)).toContain(answer),
          NETWORK_WAIT,
        )
        .then(
          () => true,
          () => false,
        );
      served[name] = [...(served[name] ?? []), isServed];
    }
  }
  removeNetwork(host);
  expect(networked.map(mainPid)).toEqual(pids);
  return served;
}

/** For one step with every daemon, on a busy machine, milliseconds. */
const STEP_MS = 600_000;

describe("daemons in their domains, through a server's life", { timeout: STEP_MS }, () => {
  test.for(daemons)("$name is there", ({ program }, context) => {
    skipUnless(context, existsSync(program), `there is no ${program}, which set-up installs`);
  });

  test("outside, those that a network serves are served at its host's new address", async () => {
    await allServe(() => "");
    outside = await servedOverNetwork();
    expect(outside).toEqual(Object.fromEntries(networked.map(({ name }) => [name, [true, true]])));
  });

  test("the README's commands lead from the package to an enforced memcached", async (context) => {
    const memcached = present.find(({ name }) => name === "memcached");
    skipUnless(context, memcached !== undefined, "there is no memcached, which set-up installs");
    if (memcached === undefined) return;
    dpkg(host, "--install", packages.inRoot(LOWER));
    expect(walk.length).toBeGreaterThan(3);
    expect(walk.length).toBeLessThan(10);
    for (const line of walk) host.sh(line);
    await serves(memcached, "memcached");
    const pid = Number(mainPid(memcached));
    const running: readonly unknown[] = JSON.parse(done(host, "ps", "--json"));
    const sealed = { domain: "memcached", mode: "sealed", level: "enforcing" };
    expect(running).toContainEqual(
      expect.objectContaining({ pid, confinement: expect.objectContaining(sealed) }),
    );
  });

  test("installed: each unit is enabled at warning, and warns only of what is listed", async () => {
    for (const { name } of present) done(host, "domain", "level", name, "warning");
    done(host, "unit", "enable", "--now", ...units);
    await allServe(inItsDomain);
    await reloadAll();
    await allServe(inItsDomain);
    expectNothingElseTold();
  });

  test.for(present)(
    "what $name is refused at enforcing, `deny` rules refuse",
    ({ name, unruled }) => {
      const { out } = host.run("cofferdam", "ready", name, "--least", "1s", "--json");
      const { denied, deniedOnPurpose }: Readiness = JSON.parse(out);
      const left = denied.map(({ access }) => access);
      expect(left.filter((access) => !unruled.includes(access))).toEqual([]);
      for (const { rule } of deniedOnPurpose) expect(rule.text).toMatch(/^deny /);
    },
  );

  test("enforced: restarted, reloaded, rotated", async () => {
    for (const { name } of present) done(host, "domain", "level", name, "enforcing");
    restart(present);
    await allServe(inItsDomain);
    await reloadAll();
    await allServe(inItsDomain);
    expectNothingElseTold();
  });

  test("a session that is open when sshd restarts goes on, in its domain", async (context) => {
    const sshd = present.find(({ name }) => name === "sshd");
    skipUnless(context, sshd !== undefined, "there is no sshd, which set-up installs");
    if (sshd === undefined) return;
    const [program = "", ...words] = host.command([
      ...session,
      'while read -r word; do echo "$$ $word"; done',
    ]);
    const client = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
    const echoed = async (word: string): Promise<readonly string[]> => {
      client.stdin.write(`${word}\n`);
      return String((await lines.next()).value).split(" ");
    };
    const [shell = "", ...before] = await echoed("before");
    const main = mainPid(sshd);
    restart([sshd]);
    await serves(sshd, "sshd");
    expect({ before, after: await echoed("after") }).toEqual({
      before: ["before"],
      after: [shell, "after"],
    });
    expect(mainPid(sshd)).not.toBe(main);
    expect(host.domainOf(shell)).toBe("sshd");
    client.stdin.end();
    expect(await once(client, "exit")).toEqual([0, null]);
    expectNothingElseTold();
  });

  test("the host's names are replaced by rename, as network managers and useradd do", async () => {
    const replace = 'for f; do cp -p "/etc/$f" "/etc/$f.new"; mv "/etc/$f.new" "/etc/$f"; done';
    host.sh(replace, "resolv.conf", "hosts", "passwd", "group");
    await allServe(inItsDomain);
    await reloadAll();
    await allServe(inItsDomain);
    expectNothingElseTold();
  });

  test("an interface is replaced, with another address: each is served as outside", async () => {
    expect(await servedOverNetwork()).toEqual(outside);
    await allServe(inItsDomain);
    expectNothingElseTold();
  });

  test("each daemon is upgraded: a script restarts it, or `domain stale` names it", async () => {
    const before = present.map(mainPid);
    dpkg(host, "--install", ...packaged.map((name) => `/srv/repacked/${name}.deb`));
    const { out } = host.run("cofferdam", "domain", "stale");
    const left = present.filter((daemon) => before.includes(mainPid(daemon)));
    for (const daemon of left) {
      if (daemon.upgrade !== null) expect(out).toContain(`restart ${daemon.name}`);
      restart([daemon]);
    }
    expect(present.map(mainPid).filter((pid) => before.includes(pid))).toEqual([]);
    await allServe(inItsDomain);
    expectNothingElseTold();
  });

  test("Cofferdam is upgraded: nothing is restarted, everything held", async () => {
    const before = present.map(mainPid);
    dpkg(host, "--install", packages.inRoot(VERSION));
    expect(present.map(mainPid)).toEqual(before);
    await allServe(inItsDomain);
    expectNothingElseTold();
  });

  test("the host is switched off and on", async () => {
    await host.powerOff();
    host = await bootRoot(root);
    await allServe(inItsDomain);
    expectNothingElseTold();
  });

  test("Cofferdam is removed: what runs goes on, and starts outside from then on", async () => {
    const supervised = present.filter(({ name }) => name === "sshd");
    if (supervised.length > 0) {
      const { status, err } = host.run(...DPKG, "--remove", "cofferdam");
      expect(err).toMatch(/not removed: .* need a mediator.*\n +sshd \(process \d+, supervised\)/);
      expect(status).not.toBe(0);
      done(host, "unit", "disable", "--now", ...supervised.map(({ unit }) => unit));
    }
    dpkg(host, "--remove", "cofferdam");
    await allServe((daemon) => (supervised.includes(daemon) ? "" : daemon.name));
    restart(present);
    await allServe(() => "");
  });
});
