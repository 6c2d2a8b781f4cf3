import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Event } from "../../../src/events/event.ts";
import { compileC } from "../../support/compile-c.ts";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
/** Tries of each way; the suite's hundred thousand are spread over them. */
const TRIES = Number(process.env.COFFERDAM_RACES ?? 100_000) / 4;
const TIMEOUT_MS = 240_000;

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = join(built.directory, "exec-evasion");
  const source = join(import.meta.dirname, "exec-evasion.c");
  compileC(program, source, ["-O1", "-Wall", "-static", "-pthread"]);
});
afterAll(() => built.remove());

/** In the domain, whose first program is `good` itself. */
function race(way: string, tree: string) {
  for (const name of ["good", "evil"]) copyFileSync(program, join(tree, name));
  const rules = [`rx ${tree}/good`, `rwc ${tree}/made-*`];
  const options = { supervised: "enforcing", rules, timeoutMs: TIMEOUT_MS } as const;
  return runScene(built, options, [join(tree, "good"), way, String(TRIES)], tree);
}

const countOf = (events: readonly Event[]) => events.reduce((sum, { count }) => sum + count, 0);
const made = (tree: string) => readdirSync(tree).filter((name) => name.startsWith("made-"));

describe.each(["call", "fork", "thread", "self"])(
  "a program that won the race for an execve and goes on by `%s`",
  (way) => {
    test("outside a domain it gets what it wants", () => {
      withTree(me, (tree) => {
        copyFileSync(program, join(tree, "evil"));
        execFileSync("./evil", [way, "executed"], { cwd: tree });
        // The parent has ended by then.
        execFileSync("sleep", ["0.2"]);
        expect(made(tree)).toHaveLength(1);
      });
    });

    test("is ended at its first call that counts, and told of", { timeout: TIMEOUT_MS }, () => {
      withTree(me, (tree) => {
        const run = race(way, tree);
        expect(run.stderr).toBe("");
        const won = run.lines.filter((line) => line === "won").length;
        const [, tries = 0, refused = 0] =
          /^tries (\d+) refused (\d+)/.exec(run.lines.at(-1) ?? "")?.map(Number) ?? [];
        expect(tries).toBeGreaterThanOrEqual(TRIES);
        // Both outcomes were seen: else nothing was raced at all.
        expect(refused).toBeGreaterThan(0);
        expect(won).toBeGreaterThan(0);
        expect(made(tree), `${won} won`).toEqual([]);
        const told = run.events.filter(({ object }) =>
          object.includes("not the program that was judged"),
        );
        // Each process has an entry of its own, and the log folds those beyond a bound into one.
        const folded = run.events.filter(({ operation }) => operation === "folded");
        if (folded.length === 0) expect(countOf(told)).toBe(won);
        else expect(countOf(told)).toBeGreaterThan(0);
        expect(countOf([...told, ...folded])).toBeGreaterThanOrEqual(won);
        expect(told.every(({ object }) => object.startsWith(join(tree, "evil")))).toBe(true);
      });
    });
  },
);
