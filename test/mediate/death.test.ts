import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Built, buildAll } from "./build.ts";
import { runScene } from "./scene.ts";

/** Each costs the start of a mediator. */
const KILLS = Number(process.env.COFFERDAM_KILLS ?? 20);
const TIMEOUT_MS = 120_000;

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

test("a mediator that is killed at any moment leaves no call without an answer, and no answer that is not true", {
  timeout: TIMEOUT_MS,
}, () => {
  const tree = mkdtempSync(join(tmpdir(), "cofferdam-tree-"));
  try {
    mkdirSync(join(tree, "open"));
    const options = { rules: [`rwcd ${tree}/open/*`], kills: KILLS, timeoutMs: TIMEOUT_MS };
    const run = runScene(built, options, [built.compile("survive")], tree);
    expect(run.stderr).toBe("");
    const numbers = /^ok (\d+) unknown (\d+) wrong (\d+) descriptors (\d+)$/.exec(run.lines[0] ?? "")?.map(Number);
    expect(numbers?.[1]).toBeGreaterThan(KILLS);
    expect(numbers?.[2]).toBeGreaterThan(0);
    expect(numbers?.[3]).toBe(0);
    // Handing over and answering are two steps: a descriptor may arrive for a call that fails.
    expect(numbers?.[4]).toBeLessThanOrEqual(KILLS);
    expect(readdirSync(join(tree, "open"))).toEqual([]);
  } finally {
    rmSync(tree, { recursive: true });
  }
});
