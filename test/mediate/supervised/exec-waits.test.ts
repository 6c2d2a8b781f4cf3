import { execFileSync } from "node:child_process";
import { chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { compileC } from "../../support/compile-c.ts";
import { scratchFolder } from "../../support/scratch.ts";
import { needsRoot } from "../../support/skip.ts";
import { type Built, buildAll } from "../build.ts";
import { type SceneOptions, startScene } from "../scene.ts";

const TIMEOUT_MS = 60_000;
/** What the file system takes to open a program, in milliseconds: longer than a holder needs. */
const DELAY_MS = 1_500;

let built: Built;
let program: string;
let fuse: string;
let tree: string;
beforeAll(async () => {
  built = await buildAll();
  program = join(built.directory, "exec-slowly");
  const source = join(import.meta.dirname, "exec-slowly.c");
  compileC(program, source, ["-O1", "-Wall", "-static"]);
  fuse = built.compile("fuse");
});
afterAll(() => built.remove());
beforeEach((context) => {
  needsRoot(context);
  tree = scratchFolder("tree");
  mkdirSync(join(tree, "slow"));
  copyFileSync(program, join(tree, "program"));
  chownSync(tree, 0, 0);
});
afterEach(() => rmSync(tree, { recursive: true }));

/** The domain's `slow/program` lies on a file system that opens it late, or never. */
function start(
  what: string,
  environment: Readonly<Record<string, string>>,
  more: Partial<SceneOptions> = {},
) {
  const variables = { FUSE_PROGRAM: program, ...environment };
  const inside = ["env", ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
  const rules = ["r /**", `rx ${tree}/program`, `rx ${tree}/slow/program`, `rwc ${tree}/child`];
  const options: SceneOptions = {
    supervised: "enforcing",
    rules,
    timeoutMs: TIMEOUT_MS,
    inside: [...inside, fuse, join(tree, "slow")],
    ...more,
  };
  return startScene(built, options, [join(tree, "program"), what], tree);
}

async function childOf(): Promise<number> {
  for (;;) {
    const text = existsSync(join(tree, "child")) ? readFileSync(join(tree, "child"), "utf8") : "";
    if (text.endsWith("\n")) return Number(text);
    await sleep(5);
  }
}

const statusOf = (pid: number) => readFileSync(`/proc/${pid}/status`, "utf8");

test("a program on a slow file system is executed, and the domain executes others meanwhile", {
  timeout: TIMEOUT_MS,
}, async () => {
  const { lines, status } = await start("late", { FUSE_DELAY: String(DELAY_MS) }).done;
  expect(lines).toEqual(["others ran 20", "executed", "status 700"]);
  expect(status).toBe(0);
});

test("an execution whose file system does not answer waits alone", {
  timeout: TIMEOUT_MS,
}, async () => {
  const scene = start("never", { FUSE_DELAY: String(2 * DELAY_MS) });
  const { lines, status } = await scene.done;
  expect(lines).toEqual(["others ran 20"]);
  expect(status).toBe(0);
});

test("an execution whose holder is killed never runs, and nothing is executed afterwards", {
  timeout: TIMEOUT_MS,
}, async () => {
  const scene = start("holder", { FUSE_DELAY: String(DELAY_MS) });
  const child = await childOf();
  while (/^TracerPid:\t0$/m.test(statusOf(child))) await sleep(5);
  const holder = Number(/^TracerPid:\t(\d+)$/m.exec(statusOf(child))?.[1]);
  expect(readFileSync(`/proc/${holder}/comm`, "utf8")).toBe("harness\n");
  process.kill(holder, "SIGKILL");
  const { lines, events } = await scene.done;
  expect(lines).toEqual(["status 9", "refused: Permission denied"]);
  expect(events.map(({ object }) => object).join()).toContain("its holder has ended");
});

test("a mediator that is killed meanwhile leaves the call to the holder", {
  timeout: TIMEOUT_MS,
}, async () => {
  // Nothing else asks: here no other mediator takes over.
  const scene = start("alone", { FUSE_DELAY: String(DELAY_MS) });
  const child = await childOf();
  while (/^TracerPid:\t0$/m.test(statusOf(child))) await sleep(5);
  // The mediator is the harness's child on node.
  const parent = Number(
    /^PPid:\t(\d+)$/m.exec(statusOf(Number(/^PPid:\t(\d+)$/m.exec(statusOf(child))?.[1])))?.[1],
  );
  const mediators = execFileSync("pgrep", ["-P", String(parent), "node"], { encoding: "utf8" });
  process.kill(Number(mediators.trim()), "SIGKILL");
  const { lines } = await scene.done;
  expect(lines).toEqual(["executed", "status 700"]);
});
