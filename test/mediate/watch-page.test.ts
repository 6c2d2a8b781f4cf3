import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Observer, Steps } from "../../src/mediate/shared/watch-page.ts";
import { type Built, buildAll } from "./build.ts";

const TIMEOUT_MS = 120_000;
/** Loops that are retired in the middle of a step, or not. */
const PAGES = 20_000;
/** Loops that are retired in the middle of a step, at least. */
const RACES = 200;
/** Words of a page, and one by which a loop says that it is over. */
const PAGE_WORDS = 5;
const STEPS_MAX = 400;

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

test("a loop that is retired during a step notices it at the end of that step; no other does", {
  timeout: TIMEOUT_MS,
}, async () => {
  // On a busy machine the two threads rarely run at once.
  for (let retired = 0; retired <= RACES; ) {
    const { results, noticed } = await retiredMeanwhile();
    expect(results).toEqual(noticed);
    retired += noticed.filter((domain) => domain !== -1).length;
  }
});

/** For each page the domain of the step in which its loop was retired, or -1: by both threads. */
async function retiredMeanwhile(): Promise<{
  readonly results: number[];
  readonly noticed: number[];
}> {
  const pages = new SharedArrayBuffer(PAGES * PAGE_WORDS * 4);
  const found = new SharedArrayBuffer(PAGES * 4);
  const results = new Int32Array(found).fill(-1);
  const worker = await retirer({ pages, pageWords: PAGE_WORDS, found });
  const noticed = Array.from({ length: PAGES }, (_, page) => {
    const words = new Int32Array(pages, page * PAGE_WORDS * 4, PAGE_WORDS);
    const steps = new Steps({ fd: -1, words }, () => undefined);
    const domain = stepsUntilRetired(steps, page);
    Atomics.store(words, PAGE_WORDS - 1, 1);
    return domain;
  });
  await once(worker, "message");
  await worker.terminate();
  return { results: [...results], noticed };
}

/** The domain of the step in which the loop was retired, or -1. */
function stepsUntilRetired(steps: Steps, seed: number): number {
  for (let count = 1; count <= STEPS_MAX; count++) {
    const domain = (seed * STEPS_MAX + count) % 1_000_003;
    steps.begin(domain);
    if (!steps.end()) return domain;
  }
  return -1;
}

async function retirer(workerData: unknown): Promise<Worker> {
  const outfile = join(built.directory, "retirer.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "retirer.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    outfile,
    external: ["koffi"],
    logLevel: "warning",
  });
  const worker = new Worker(outfile, { workerData });
  await once(worker, "message");
  return worker;
}

test("a stand-by that goes to sleep is woken by the next step, or does not fall asleep", () => {
  const words = new Int32Array(new SharedArrayBuffer(PAGE_WORDS * 4));
  let woken = 0;
  const steps = new Steps({ fd: -1, words }, () => {
    woken += 1;
  });
  const observer = new Observer({ fd: -1, words });
  observer.watch();
  steps.begin(1);
  steps.end();
  expect(woken, "it looks by itself").toBe(0);
  const before = observer.look();
  steps.begin(2);
  expect(observer.sleep(before), "a step has begun").toBe(false);
  steps.end();
  expect(woken).toBe(0);
  expect(observer.sleep(observer.look())).toBe(true);
  steps.begin(3);
  steps.end();
  steps.begin(4);
  expect(woken, "once").toBe(1);
});
