import { existsSync, readFileSync, rmSync } from "node:fs";
import { expect } from "vitest";
import { VERSION } from "../../../../src/cli/version.ts";
import type { Event } from "../../../../src/events/event.ts";
import { type LibraryDaemon, readDaemon, withVersion } from "../../../library/daemon.ts";
import { repack } from "../../../library/repack.ts";
import { numberless } from "../../../library/told.ts";
import type { Suite } from "../suite.ts";
import { TOLD_MS } from "./daemon-machine.ts";
import { machine } from "./machine.ts";

/**
 * To a rule that takes from each what its client's work needs, without a restart. memcached opens
 * nothing once it serves.
 */
const taken: Readonly<Record<string, string | null>> = {
  nginx: "r /var/www/html/life.txt",
  "redis-server": "c /var/lib/redis/**",
  postgres: "r /var/lib/postgresql/*/main/base/*/PG_VERSION",
  sshd: "x /usr/bin/bash",
  memcached: null,
};
/** Of postgres' unit: the kernel knows the groups of its instances by no policy. */
const TEMPLATE = "postgresql@.service";
const NAMES: readonly string[] = Object.keys(taken);

/**
 * What pam_systemd does once it has reached logind, which it cannot at enforcing: logind sends it a
 * pipe of its own mount namespace.
 */
const atWarning: readonly string[] = [
  "sshd: warning: write a file that cannot be reached from the host's root",
  "sshd: warning: use dac_read_search",
];

/** Where the library's client is none that people use, or costs an emulated machine too much. */
const clients: Readonly<Record<string, { readonly client: string }>> = {
  nginx: { client: "curl -sS http://127.0.0.1/life.txt" },
  // With workers, and without compiling.
  postgres: {
    client: `runuser -u postgres -- psql -XAtq \\
      -c 'create table if not exists life as select generate_series(1, 20000) i' \\
      -c 'set parallel_setup_cost = 0; set min_parallel_table_scan_size = 0' \\
      -c 'set parallel_tuple_cost = 0; select sum(i) from life'`,
  },
};

const copyOf = (name: string) => `/etc/cofferdam/domains/${name}.yaml`;
const LOG = "/var/log/cofferdam/events.jsonl";

/** Once the packages are there: postgres' unit has the version in its name. */
let known: readonly LibraryDaemon[] = [];
function daemons(): readonly LibraryDaemon[] {
  if (known.length === 0)
    known = NAMES.map((name) =>
      withVersion({ ...readDaemon(name), ...clients[name] }, (script) => machine.sh(script)),
    );
  return known;
}

const units = () => daemons().map(({ unit }) => unit);

/** A client's work, until it is done: a daemon that has just started may not listen yet. */
function serves({ name, client, answer }: LibraryDaemon): void {
  let heard = work(client);
  for (let attempt = 0; attempt < 60 && !heard.includes(answer); attempt++) {
    machine.must("sleep", "1");
    heard = work(client);
  }
  expect(heard, `${name} serves`).toContain(answer);
}

function work(client: string): string {
  const { out, err } = machine.run("bash", "-c", `cd /; ${client}`);
  return `${out}${err}`;
}

const allServe = () => {
  for (const daemon of daemons()) serves(daemon);
};

/** Of system calls; null for those that the launcher did not start. */
type Filter = "installed" | "none" | null;

/**
 * Each unit's first process is in the unit's domain, by the kernel's engine. The launcher starts
 * postgres alone.
 */
function expectInside(level: string, ofPostgres: Filter): void {
  const shown = machine.shownProcesses();
  for (const { name, unit } of daemons()) {
    const pid = Number(machine.mainPid(unit));
    expect(pid, unit).toBeGreaterThan(0);
    expect(shown.find((one) => one.pid === pid)?.confinement, unit).toMatchObject({
      ...{ domain: name, engine: "bpf-lsm", level },
      filter: name === "postgres" ? ofPostgres : null,
    });
  }
}

/** Until when policies were replaced, for the boots that follow: an event's time. */
const REPLACED = "/root/replaced";

/**
 * What policies do not grant, but for what `deny` rules refuse and the library knows; and for what
 * was refused by a rule that was taken back before the event was read.
 */
function expectNothingTold(): void {
  machine.must("sleep", String(TOLD_MS / 1000));
  const replaced = existsSync(REPLACED) ? readFileSync(REPLACED, "utf8") : "";
  const told = readFileSync(LOG, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Event)
    .filter(({ verdict }) => ["denied", "warning"].includes(verdict));
  const beyond = daemons().flatMap(({ name, refused }) => {
    const accesses = new Set(refused.map(({ access }) => access));
    return told
      .filter(({ domain, rule }) => domain === name && rule === null)
      .filter((event) => !accesses.has(numberless(event)))
      .filter(({ reason, time }) => reason !== "granted-now" || time > replaced)
      .map((event) => `${name}: ${event.verdict}: ${numberless(event)}`);
  });
  expect([...new Set(beyond)].filter((one) => !atWarning.includes(one))).toEqual([]);
}

const setLevels = (level: string): string => machine.done("domain", "level", "--all", level);

/** The shipped policy with one rule more. */
function writeCopy(name: string, rule: string): void {
  const shipped = readFileSync(`/usr/share/cofferdam/domains/${name}.yaml`, "utf8");
  machine.write(copyOf(name), shipped.replace(/^files:$/m, `files:\n  - deny ${rule}`));
}

const mainPids = () => units().map((unit) => machine.mainPid(unit));

export const entered: Suite = {
  "five daemons of Debian's serve outside": () => {
    machine.installFor(VERSION, NAMES);
    for (const { configure } of daemons()) machine.must("bash", "-euc", `cd /; ${configure}`);
    allServe();
  },

  "they enter their domains at their next start, and do all of their work at warning": () => {
    setLevels("warning");
    machine.useEngine("bpf-lsm");
    machine.done("unit", "enable", TEMPLATE);
    machine.must("systemctl", "restart", ...units());
    allServe();
    expectInside("warning", "none");
    expectNothingTold();
    for (const { name, unit } of daemons())
      if (name !== "postgres")
        expect(machine.show(unit, "DropInPaths"), unit).not.toMatch(/cofferdam/);
  },

  "enforcing is in force at once, and each does all of its work": () => {
    const before = mainPids();
    setLevels("enforcing");
    allServe();
    machine.must("systemctl", "reload", "nginx", "ssh");
    allServe();
    expect(mainPids()).toEqual(before);
    expectInside("enforcing", "none");
    expectNothingTold();
  },

  "they start enforced": () => {
    machine.must("systemctl", "restart", ...units());
    allServe();
    expectInside("enforcing", "installed");
    expectNothingTold();
  },

  "replaced policies are in force at once, and so are levels": () => {
    const before = mainPids();
    const held = daemons().filter(({ name }) => taken[name] !== null);
    const heldServe = () => {
      for (const daemon of held) serves(daemon);
    };
    for (const { name } of held) writeCopy(name, taken[name] as string);
    machine.reload();
    for (const { name, client, answer } of held) expect(work(client), name).not.toContain(answer);
    setLevels("warning");
    heldServe();
    setLevels("enforcing");
    for (const { name } of held) rmSync(copyOf(name));
    machine.reload();
    machine.write(REPLACED, new Date().toISOString());
    heldServe();
    expect(mainPids()).toEqual(before);
    expectNothingTold();
  },
};

export const restarted: Suite = {
  "after a boot all five are inside, and had to be before they served": () => {
    machine.run("systemctl", "is-system-running", "--wait");
    allServe();
    expectInside("enforcing", "installed");
    const since = (name: string) => Number(machine.show(name, "ActiveEnterTimestampMonotonic"));
    for (const unit of units()) expect(since(unit)).toBeGreaterThan(since("cofferdam-agent"));
    expectNothingTold();
  },

  "the packages of the daemons are upgraded while they run": () => {
    const packages = daemons().map(({ upgrade }) => repack(machine, upgrade));
    const options = ["--force-unsafe-io", "--force-confold", "--install"];
    machine.must("dpkg", ...options, ...packages);
    allServe();
    expectInside("enforcing", "installed");
    expectNothingTold();
  },

  "a daemon that is killed starts inside again": () => {
    for (const { unit } of daemons()) {
      const before = machine.mainPid(unit);
      machine.must("systemctl", "kill", "--kill-whom=main", "--signal=KILL", unit);
      machine.sh(
        'until [ "$(systemctl show -P MainPID "$1")" != "$2" ]; do sleep 0.2; done',
        unit,
        before,
      );
      // Not every unit of Debian's has systemd do that.
      machine.must("timeout", "300", "sh", "-c", `until systemctl start ${unit}; do sleep 2; done`);
    }
    allServe();
    expectInside("enforcing", "installed");
    expectNothingTold();
  },

  "daemons that run outside are adopted, and serve on": () => {
    machine.done("unit", "disable", TEMPLATE);
    machine.useEngine("landlock");
    machine.must("systemctl", "restart", ...units());
    allServe();
    const before = mainPids();
    for (const { name, unit } of daemons())
      machine.done("adopt", name, ...(name === "postgres" ? [machine.mainPid(unit)] : []));
    expectInside("enforcing", null);
    allServe();
    expect(mainPids()).toEqual(before);
    expectNothingTold();
  },
};
