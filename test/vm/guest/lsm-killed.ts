/** The real agent is killed again and again while its domains work. */
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as is from "../../../src/base/schema.ts";
import { askAgent } from "../../../src/host/agent-client.ts";
import { writeEngineSetting } from "../../../src/host/engine.ts";
import { places as placesOf } from "../../../src/host/places.ts";
import { generations } from "../../../src/kernel/bpf/lsm/pins.ts";
import type { Level } from "../../../src/model/level.ts";
import {
  asOfAnotherVersion,
  CROWD,
  DOMAINS,
  hideShipped,
  home,
  Lsm,
  mapsInKernel,
  measured,
  PINS,
  showShipped,
  TRY,
  Trying,
} from "./lsm-arena.ts";
import { endServers, RunningAgent } from "./running-agent.ts";

const FOLDER = "/tmp/lsm-killed";
/** The policies of the two crowds grant the one and not the other, at each turn. */
const [GRANTED, OTHER] = [`${FOLDER}/granted`, `${FOLDER}/other`];
/** Executing one leads into the domain of that name. */
const [SERVED, HELD, CHANGING] = [`${FOLDER}/served`, `${FOLDER}/held`, `${FOLDER}/changing`];
const KILLS = 200;
/** Of these turns one begins with the programs of another version, which the agent replaces. */
const UPGRADE_EVERY = 20;
/** Of these turns one lets the agent answer before it is killed. */
const ANSWER_EVERY = 3;
/** Turns between two looks at what is held. */
const LOOK_EVERY = 20;
/**
 * When an agent is killed that has not answered, as shares of the time that one took until then.
 * Node's own start is the first of it.
 */
const [EARLIEST, LATEST] = [0.2, 1];
/** How long one that has answered does what it is asked, as a share of the same. */
const ANSWERING = 0.4;
/** From the moment at which the programs of another version begin to be replaced. */
const REPLACING_MS = 400;
const POLL_MS = 20;
const places = placesOf({ uid: 0, env: {}, home });
const levels = ["enforcing", "warning", "disabled"] as const;

let lsm: Lsm;
let served: Trying;
let held: Trying;

/** Each turn has other rules to compile and to load; `changing` grants another file, too. */
function writePolicies(turn: number): void {
  const many = Array.from({ length: 50 }, (_, at) => `  - rw ${FOLDER}/${turn}-${at}/*.log\n`);
  for (const [program, file] of [
    [SERVED, GRANTED],
    [HELD, GRANTED],
    [CHANGING, fileOf(turn)],
  ] as const)
    fs.writeFileSync(
      `${DOMAINS}/${program.slice(FOLDER.length + 1)}.yaml`,
      `summary: opens files\nlevel: enforcing\nenter: [{ exec: ${program} }]\n` +
        `files:\n  - rx ${program}\n  - r ${file}\n${many.join("")}`,
    );
}

const fileOf = (turn: number): string => `${FOLDER}/file${turn % 2}`;

const startAgent = () => new RunningAgent("--without-kernel-refusals");

/** Asks whatever agent there is for one level of `changing` after the other. */
class LevelAsker {
  /** What the last agent that answered has given, and what was asked for since. */
  #possible: Level[] = ["enforcing"];
  #goesOn = true;
  given = 0;
  readonly #work = this.#ask();

  get possible(): readonly Level[] {
    return this.#possible;
  }

  async #ask(): Promise<void> {
    for (let turn = 0; this.#goesOn; turn++) {
      const level = levels[turn % levels.length] as Level;
      this.#possible.push(level);
      try {
        await askAgent(is.anything, "PUT", "/v1/domains/changing/level", { level });
        this.#possible = [level];
        this.given++;
      } catch (error) {
        // One that is killed meanwhile may have given it.
        if (/no agent runs/.test(String(error))) this.#possible.pop();
        await sleep(POLL_MS);
      }
    }
  }

  stop(): Promise<void> {
    this.#goesOn = false;
    return this.#work;
  }
}

/** Both go on. In its domain since its start, the one was refused nothing, the other all. */
async function expectHeld(): Promise<void> {
  expect(await served.does("")).toMatch(/^[1-9]\d* 0$/);
  expect(await held.does("")).toMatch(/^0 [1-9]\d*$/);
  expect(await served.does("all")).toMatch(/ 0$/);
  expect(await held.does("all")).toMatch(/^0 /);
  // Who enters now needs no agent either.
  const entering = new Trying(HELD, [OTHER]);
  expect(await entering.does("")).toMatch(/^0 [1-9]\d*$/);
  await entering.end();
}

/** Of `changing`, in the kernel. */
function levelInForce(): Level | undefined {
  const entry = lsm.engine.executables().find(({ path }) => path === CHANGING);
  return entry && lsm.engine.levels().get(entry.into);
}

async function startsAndStops(): Promise<number> {
  const agent = startAgent();
  const took = await agent.isReady();
  await agent.end("SIGTERM");
  return took;
}

beforeAll(async () => {
  lsm = new Lsm();
  hideShipped();
  for (const folder of [DOMAINS, FOLDER, dirname(places.system.numbers)])
    fs.mkdirSync(folder, { recursive: true });
  for (const file of [GRANTED, OTHER, fileOf(0), fileOf(1)]) fs.writeFileSync(file, "");
  for (const program of [SERVED, HELD]) fs.copyFileSync(CROWD, program);
  fs.copyFileSync(TRY, CHANGING);
  writeEngineSetting(places, "bpf-lsm");
  writePolicies(0);
  await startsAndStops();
  // They take what the others leave of the emulator's time.
  const crowd = (program: string, file: string) =>
    new Trying("/usr/bin/nice", ["-n", "15", program, file]);
  served = crowd(SERVED, GRANTED);
  held = crowd(HELD, OTHER);
});

afterAll(async () => {
  Trying.endAll();
  endServers(places);
  writeEngineSetting(places, "landlock");
  for (const name of ["served", "held", "changing"]) fs.rmSync(join(DOMAINS, `${name}.yaml`));
  showShipped();
});

test(`the agent is killed ${KILLS} times, and each request meets one policy`, async () => {
  await expectHeld();
  const took = await startsAndStops();
  measured("an agent is ready after ms", took);
  const maps = mapsInKernel();
  const asker = new LevelAsker();
  let [answered, halfway, upgrades] = [0, 0, 0];
  for (let turn = 1; turn <= KILLS; turn++) {
    writePolicies(turn);
    const given = asker.given;
    const isUpgrade = turn % UPGRADE_EVERY === 0 && generations(PINS).length === 1;
    if (isUpgrade) {
      asOfAnotherVersion();
      upgrades++;
    }
    const agent = startAgent();
    // Each prime step meets another part of the agent's life.
    const share = ((turn * 7) % KILLS) / KILLS;
    if (isUpgrade) {
      await agent.replacesPrograms();
      await sleep(REPLACING_MS * share);
    } else if (turn % ANSWER_EVERY === 0) {
      await agent.isReady();
      await sleep(ANSWERING * share * took);
    } else {
      await sleep((EARLIEST + (LATEST - EARLIEST) * share) * took);
    }
    await agent.end("SIGKILL");
    if (asker.given > given) answered++;
    if (fs.readdirSync(PINS).some((name) => name.startsWith("part-"))) halfway++;
    if (turn % LOOK_EVERY !== 0) continue;
    await expectHeld();
    expect(asker.possible).toContain(levelInForce());
    measured("agents killed", turn);
  }
  await asker.stop();
  measured("killed after they had answered", answered);
  measured("programs of another version", upgrades);
  measured("killed while they were attached or detached", halfway);
  measured("levels given", asker.given);
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBeLessThan(KILLS);
  expect(halfway).toBeGreaterThan(0);

  // The next one goes on from the files, and nothing of the killed ones is left.
  const last = startAgent();
  await last.isReady();
  expect(asker.possible).toContain(levelInForce());
  expect(generations(PINS)).toHaveLength(1);
  expect(mapsInKernel()).toBe(maps);
  await askAgent(is.anything, "PUT", "/v1/domains/changing/level", { level: "enforcing" });
  const trying = new Trying(CHANGING);
  expect(await trying.does(`read ${fileOf(KILLS)}`)).toBe("0");
  expect(await trying.does(`read ${fileOf(KILLS + 1)}`)).toBe("EACCES");
  await trying.end();
  await expectHeld();
  await last.end("SIGTERM");
});
