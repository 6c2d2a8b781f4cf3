import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LiveTableWriter } from "../../../src/domains/live-table-writer.ts";
import type { Level } from "../../../src/model/policy.ts";
import { scratchFolder } from "../../support/scratch.ts";
import type { Built } from "../build.ts";
import { type Run, type SceneOptions, startScene } from "../scene.ts";

const NUMBER = 7;

/**
 * Runs a program that begins at one level, says by the file `ready` that it goes on at enforcing,
 * and waits for the file `go`. Needs root.
 */
export async function startedAt(
  level: Level,
  built: Built,
  program: readonly string[],
  rules: (tree: string) => readonly string[],
  policy: SceneOptions["policy"] = {},
): Promise<Run> {
  const tree = scratchFolder("tree");
  for (const name of ["open", "run", "run/live"]) mkdirSync(join(tree, name));
  writeFileSync(join(tree, "open/aaaa"), "mine");
  const table = LiveTableWriter.open(join(tree, "run/table"));
  try {
    table.setLevel(NUMBER, level);
    const options: SceneOptions = {
      supervised: "warning",
      rules: rules(tree),
      policy,
      folder: join(tree, "run"),
      plan: (plan) => ({ number: NUMBER, mediation: { ...plan.mediation, live: true } }),
    };
    const scene = startScene(built, options, program, tree);
    while (!existsSync(join(tree, "ready")) && scene.process.exitCode === null) await sleep(1);
    table.setLevel(NUMBER, "enforcing");
    writeFileSync(join(tree, "go"), "");
    return await scene.done;
  } finally {
    table.close();
    rmSync(tree, { recursive: true });
  }
}
