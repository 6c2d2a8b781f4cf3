/** Many policies, many domains, and a writer that is killed. */
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { nothingBeside, policyTable } from "../../../src/compile/lsm/policy-table.ts";
import { mapPin } from "../../../src/kernel/bpf/lsm/pins.ts";
import { CROWD, Lsm, mapsInKernel, measured, PINS, rules, TRY, Trying } from "./lsm-arena.ts";

const FOLDER = "/tmp/lsm-stress";
/** Every policy below grants the one file and not the other. */
const [GRANTED, OTHER] = [`${FOLDER}/granted`, `${FOLDER}/other`];
/** Executing it leads into the domain of that name. */
const ENTRY = `${FOLDER}/entry`;
/** Crowds of one policy that open the one and the other. */
const [SERVED, HELD, ENTERED, FOLLOWED] = [2000, 2001, 2002, 2003];
const FIRST_OF_MANY = 3000;
const REPLACED = 10_000;
/** Replacements in one write: the kernel waits once for each write, not for each table. */
const AT_ONCE = 50;
const DOMAINS = 10_000;
const PROCESSES = 10_000;
const KILLS = 200;
/** test/lsm/writer.c */
const WRITER = "/vm/writer";
/** Until a writer is killed, milliseconds. */
const LIFE_MAX_MS = 400;
/** A kept table of each replaced policy would take 80. */
const GROWTH_MAX_MB = 16;
const WAIT = { timeout: 60_000, interval: 200 };

let lsm: Lsm;
let served: Trying;
let held: Trying;

const many = Array.from({ length: 300 }, (_, at) => `rw ${FOLDER}/many${at}/*.log`);
const tables = [[`r ${GRANTED}`], [...many, `rw ${FOLDER}/g*`]].map((lines) =>
  policyTable(rules(...lines), nothingBeside),
);
const tableOf = (turn: number) => tables[turn % tables.length] as Uint8Array;

/** What the kernel keeps for itself: a map lies in one of these. */
function kernelMegabytes(): number {
  const lines = fs.readFileSync("/proc/meminfo", "utf8").split("\n");
  const kept = lines.filter((line) => /^(SUnreclaim|VmallocUsed|Percpu):/.test(line));
  return kept.reduce((sum, line) => sum + Number(line.replace(/\D+/g, "")) / 1024, 0);
}

/** The kernel frees maps a while after their last use. */
async function expectNothingKept(maps: number, megabytes: number): Promise<void> {
  await vi.waitFor(() => {
    expect(mapsInKernel()).toBe(maps);
    expect(kernelMegabytes() - megabytes).toBeLessThan(GROWTH_MAX_MB);
  }, WAIT);
  measured("kernel memory grew by MB", kernelMegabytes() - megabytes);
}

async function inSeconds(what: string, work: () => unknown): Promise<void> {
  const start = performance.now();
  await work();
  measured(`${what}, s`, (performance.now() - start) / 1000);
}

beforeAll(async () => {
  lsm = new Lsm();
  fs.mkdirSync(FOLDER, { recursive: true });
  for (const file of [GRANTED, OTHER]) fs.writeFileSync(file, "");
  fs.copyFileSync(TRY, ENTRY);
  lsm.domain(ENTERED, "enforcing", rules(`r ${GRANTED}`));
  lsm.engine.setExecutable(0, ENTRY, ENTERED);
  // They take what the others leave of the emulator's time.
  const crowdOn = (file: string) => new Trying("/usr/bin/nice", ["-n", "15", CROWD, file]);
  served = crowdOn(GRANTED);
  held = crowdOn(OTHER);
  for (const [domain, crowd] of [
    [SERVED, served],
    [HELD, held],
  ] as const) {
    lsm.domain(domain, "enforcing", rules(`r ${GRANTED}`));
    lsm.engine.labels.adopt(domain, () => crowd.family());
  }
  // What it opened before, and counts only now.
  await held.does("");
  grantedOutside = await granted(held);
});

let grantedOutside = 0;

/** Opens since the crowd's start. */
async function granted(crowd: Trying): Promise<number> {
  return Number((await crowd.does("all")).split(" ")[0]);
}

afterAll(async () => {
  for (const crowd of [served, held]) await crowd.end();
  lsm.engine.removeExecutable(0, ENTRY);
});

/** Both go on, and since they are in their domains the one was refused nothing, the other all. */
async function expectHeld(): Promise<void> {
  expect(await served.does("")).toMatch(/^[1-9]\d* 0$/);
  expect(await held.does("")).toMatch(/^0 [1-9]\d*$/);
  expect(await served.does("all")).toMatch(/ 0$/);
  expect(await granted(held)).toBe(grantedOutside);
  expect(lsm.engine.account(SERVED).denied).toBe(0n);
}

test(`a policy is replaced ${REPLACED} times under load, and each request meets one`, async () => {
  const replace = (count: number) => {
    for (let turn = 0; turn < count; turn += AT_ONCE)
      lsm.engine.setPolicies(
        Array.from({ length: AT_ONCE }, (_, at): [number, Uint8Array] => [
          at % 2 ? SERVED : HELD,
          tableOf(at >> 1),
        ]),
      );
  };
  await expectHeld();
  const [maps, megabytes] = [mapsInKernel(), kernelMegabytes()];
  for (let done = 0; done < REPLACED; done += REPLACED / 10) {
    await inSeconds(`${REPLACED / 10} policies replaced after ${done}`, () =>
      replace(REPLACED / 10),
    );
    await expectHeld();
  }
  await expectNothingKept(maps, megabytes);
});

test(`of ${DOMAINS} domains each has its own policy and level`, async () => {
  const last = FIRST_OF_MANY + DOMAINS - 1;
  const numbers = Array.from({ length: DOMAINS }, (_, at) => FIRST_OF_MANY + at);
  const [odd, even] = [GRANTED, OTHER].map((file) =>
    policyTable(rules(`r ${file}`), nothingBeside),
  );
  const tableFor = (domain: number) => (domain % 2 ? odd : even) as Uint8Array;
  const [maps, megabytes] = [mapsInKernel(), kernelMegabytes()];
  await inSeconds(`${DOMAINS} domains`, () => {
    lsm.engine.setPolicies(numbers.map((domain) => [domain, tableFor(domain)]));
    for (const domain of numbers) lsm.engine.setLevel(domain, "enforcing");
  });
  measured(`${DOMAINS} domains take MB`, kernelMegabytes() - megabytes);
  expect(mapsInKernel()).toBe(maps + DOMAINS);
  const trying = new Trying();
  const asked = [`read ${GRANTED}`, `read ${OTHER}`];
  for (const domain of [FIRST_OF_MANY, FIRST_OF_MANY + DOMAINS / 2 + 1, last]) {
    lsm.engine.labels.adopt(domain, () => [trying.pid]);
    const answers = domain % 2 ? ["0", "EACCES"] : ["EACCES", "0"];
    expect(await trying.all(asked)).toEqual(answers);
    lsm.engine.setLevel(domain, "warning");
    expect(await trying.all(asked)).toEqual(["0", "0"]);
    lsm.engine.removeDomain(domain);
    expect(await trying.all(asked)).toEqual(["EACCES", "EACCES"]);
  }
  await trying.end();
  await expectHeld();
});

test(`a level and a policy reach ${PROCESSES} processes with the next access, as one`, async () => {
  const inMs = (what: string, work: () => void) => {
    const start = performance.now();
    work();
    measured(`${what}, ms`, performance.now() - start);
  };
  for (const count of [1, PROCESSES]) {
    lsm.domain(FOLLOWED, "enforcing", rules(`r ${GRANTED}`));
    const many = new Trying("/vm/many", [String(count), OTHER]);
    lsm.engine.labels.adopt(FOLLOWED, () => [many.pid]);
    const [all, none] = [`${count} 0`, `0 ${count}`];
    expect(await many.does("")).toBe(none);
    inMs(`a level, for ${count}`, () => lsm.engine.setLevel(FOLLOWED, "warning"));
    expect(await many.does("")).toBe(all);
    inMs(`a level back, for ${count}`, () => lsm.engine.setLevel(FOLLOWED, "enforcing"));
    expect(await many.does("")).toBe(none);
    const other = policyTable(rules(`r ${OTHER}`), nothingBeside);
    inMs(`a policy, for ${count}`, () => lsm.engine.setPolicy(FOLLOWED, other));
    expect(await many.does("")).toBe(all);
    await many.end();
  }
});

test(`who writes policies, levels and entries is killed ${KILLS} times under load`, async () => {
  const [maps, megabytes] = [mapsInKernel(), kernelMegabytes()];
  const files = tables.map((table, at) => {
    fs.writeFileSync(`${FOLDER}/table${at}`, table);
    return `${FOLDER}/table${at}`;
  });
  const writers = new Trying(WRITER, [
    ...[path.dirname(mapPin(PINS, "policies")), FOLDER, String(SERVED), String(HELD)],
    ...files,
  ]);
  await inSeconds(`${KILLS} writers`, async () => {
    for (let killed = 1; killed <= KILLS; killed++) {
      // Each begins with another write, and lives longer than the one before.
      const writer = Number(await writers.does(String(killed)));
      await sleep((LIFE_MAX_MS * killed) / KILLS);
      process.kill(writer, "SIGKILL");
      if (killed % 20 !== 0) continue;
      measured("writers killed", killed);
      await expectHeld();
      const entered = new Trying(ENTRY);
      expect(await entered.all([`read ${GRANTED}`, `read ${OTHER}`])).toEqual(["0", "EACCES"]);
      await entered.end();
    }
  });
  await writers.end();
  await expectNothingKept(maps, megabytes);
  // The next writer's wishes are what there is.
  lsm.engine.setUnits(new Map());
  expect(lsm.engine.units()).toEqual(new Map());
  const ours = () => lsm.engine.executables().filter(({ path }) => path.startsWith(FOLDER));
  const left = ours().filter(({ path }) => path !== ENTRY);
  expect(left.length).toBeGreaterThan(0);
  for (const { from, path } of left) lsm.engine.removeExecutable(from, path);
  expect(ours()).toEqual([{ from: 0, path: ENTRY, into: ENTERED }]);
  await expectHeld();
});
