/** Many policies, many domains, and a writer that is killed: takes the emulator ten minutes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nothingBeside, policyTable } from "../../../src/compile/lsm/policy-table.ts";
import { CROWD, Lsm, rules, Trying } from "./lsm-arena.ts";

const FOLDER = "/tmp/lsm-stress";
/** Every policy below grants the one file and not the other. */
const [GRANTED, OTHER] = [`${FOLDER}/granted`, `${FOLDER}/other`];
/** Crowds of one policy that open the one and the other. */
const [SERVED, HELD] = [2000, 2001];
const FIRST_OF_MANY = 3000;
const REPLACED = 10_000;
/** Replacements in one write: the kernel waits once for each write, not for each table. */
const AT_ONCE = 50;
const DOMAINS = 10_000;
const KILLS = 200;
/** Until a writer is killed, milliseconds: it begins to write after about one and a half s. */
const LIFE_MAX_MS = 2_500;
let lsm: Lsm;
let served: Trying;
let held: Trying;

const many = Array.from({ length: 300 }, (_, at) => `rw ${FOLDER}/many${at}/*.log`);
const tables = [[`r ${GRANTED}`], [...many, `rw ${FOLDER}/g*`]].map((lines) =>
  policyTable(rules(...lines), nothingBeside),
);

const tableOf = (turn: number) => tables[turn % tables.length] as Uint8Array;

/** As an agent that reloads without end. */
if (process.argv.includes("--write")) {
  lsm = new Lsm();
  for (let turn = 0; ; turn++)
    for (const domain of [SERVED, HELD]) {
      lsm.engine.setPolicy(domain, tableOf(turn));
      lsm.engine.setLevel(domain, "enforcing");
      lsm.engine.setExecutable(0, `${FOLDER}/program${turn % 7}`, domain);
      lsm.engine.removeExecutable(0, `${FOLDER}/program${(turn + 3) % 7}`);
      lsm.engine.setUnits(new Map([[`/stress${turn % 5}.slice`, domain]]));
    }
}

beforeAll(() => {
  lsm = new Lsm();
  fs.mkdirSync(FOLDER, { recursive: true });
  for (const file of [GRANTED, OTHER]) fs.writeFileSync(file, "");
  served = new Trying(CROWD, [GRANTED]);
  held = new Trying(CROWD, [OTHER]);
  for (const [domain, crowd] of [
    [SERVED, served],
    [HELD, held],
  ] as const) {
    lsm.domain(domain, "enforcing", rules(`r ${GRANTED}`));
    lsm.engine.adopt(domain, () => crowd.family());
  }
});

afterAll(async () => {
  for (const crowd of [served, held]) await crowd.end();
  lsm.engine.setUnits(new Map());
  for (const { path } of lsm.engine.executables())
    if (path.startsWith(FOLDER)) lsm.engine.removeExecutable(0, path);
});

/** For a moment the one crowd is refused nothing, as it was all the time; the other all. */
async function expectHeld(): Promise<void> {
  expect(await served.does("")).toMatch(/^[1-9]\d* 0$/);
  expect(await held.does("")).toMatch(/^0 [1-9]\d*$/);
  expect(lsm.engine.account(SERVED).denied).toBe(0n);
}

test(`a policy is replaced ${REPLACED} times under load, and each request meets one`, async () => {
  await expectHeld();
  for (let turn = 0; turn < REPLACED; turn += AT_ONCE) {
    const replaced = Array.from({ length: AT_ONCE }, (_, at): [number, Uint8Array] => [
      at % 2 ? SERVED : HELD,
      tableOf(at >> 1),
    ]);
    lsm.engine.setPolicies(replaced);
    if (turn % 1000 === 0) await expectHeld();
  }
  await expectHeld();
});

test(`of ${DOMAINS} domains each has its own policy and level`, async () => {
  const last = FIRST_OF_MANY + DOMAINS - 1;
  const numbers = Array.from({ length: DOMAINS }, (_, at) => FIRST_OF_MANY + at);
  const [odd, even] = [GRANTED, OTHER].map((file) =>
    policyTable(rules(`r ${file}`), nothingBeside),
  );
  const tableFor = (domain: number) => (domain % 2 ? odd : even) as Uint8Array;
  lsm.engine.setPolicies(numbers.map((domain) => [domain, tableFor(domain)]));
  for (const domain of numbers) lsm.engine.setLevel(domain, "enforcing");
  const trying = new Trying();
  const asked = [`read ${GRANTED}`, `read ${OTHER}`];
  for (const domain of [FIRST_OF_MANY, FIRST_OF_MANY + DOMAINS / 2, last]) {
    lsm.engine.adopt(domain, () => [trying.pid]);
    const answers = domain % 2 ? ["0", "EACCES"] : ["EACCES", "0"];
    expect(await trying.all(asked)).toEqual(answers);
    lsm.engine.setLevel(domain, "warning");
    expect(await trying.all(asked)).toEqual(["0", "0"]);
  }
  expect(lsm.engine.levels().size).toBeGreaterThanOrEqual(DOMAINS);
  await expectHeld();
  await trying.end();
});

test(`who writes policies, levels and entries is killed ${KILLS} times under load`, async () => {
  for (let kill = 0; kill < KILLS; kill++) {
    const writer = spawn(process.execPath, [process.argv[1] as string, "--write"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const ended = once(writer, "exit");
    await sleep((LIFE_MAX_MS * (kill + 1)) / KILLS);
    writer.kill("SIGKILL");
    expect(await ended).toEqual([null, "SIGKILL"]);
    await expectHeld();
  }
  expect(lsm.engine.executables().length).toBeGreaterThan(0);
});
