import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unlessGone } from "../../../src/kernel/unless-gone.ts";
import { compileC } from "../../support/compile-c.ts";
import { scratchFolder } from "../../support/scratch.ts";
import { type Built, buildAll } from "../build.ts";
import { startScene } from "../scene.ts";

const TIMEOUT_MS = 60_000;

let built: Built;
let steps: string;
beforeAll(async () => {
  built = await buildAll();
  steps = join(built.directory, "exec-steps");
  compileC(steps, join(import.meta.dirname, "exec-steps.c"), ["-O1", "-Wall", "-static"]);
});
afterAll(() => built.remove());

test("the mediator closes what was executed, though no call follows", {
  timeout: TIMEOUT_MS,
}, async () => {
  const tree = scratchFolder("tree");
  const at = (name: string) => join(tree, name);
  for (const name of ["first", "program"]) copyFileSync(steps, at(name));
  const rules = ["r /**", `rx ${at("first")}`, `rx ${at("program")}`];
  const words = [at("first"), "run", at("program"), "await", at("go")];
  const scene = startScene(built, { supervised: "enforcing", rules }, words, tree);
  try {
    await new Promise((resolve) => scene.process.stdout?.once("data", resolve));
    const mediator = execFileSync("pgrep", ["-P", String(scene.process.pid), "node"], {
      encoding: "utf8",
    }).trim();
    const opened = () =>
      readdirSync(`/proc/${mediator}/fd`).map((fd) =>
        unlessGone(() => readlinkSync(`/proc/${mediator}/fd/${fd}`)),
      );
    while (opened().includes(at("program"))) await sleep(5);
  } finally {
    writeFileSync(at("go"), "");
    const { lines } = await scene.done;
    rmSync(tree, { recursive: true });
    expect(lines).toEqual(["700"]);
  }
});
