import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../../src/base/modes.ts";
import { UNCHANGED_MS_MIN } from "../../../src/mediate/domain/limits.ts";
import { compileC } from "../../support/compile-c.ts";
import { scratchFolder } from "../../support/scratch.ts";
import { type Built, buildAll } from "../build.ts";
import { startScene } from "../scene.ts";
import { identities } from "../tree.ts";

const TIMEOUT_MS = 120_000;
/** Status with which an executed program ends, as waitpid(2) has it. */
const RAN = "700";
/** Of one that was ended because the kernel executed something else than was judged. */
const ENDED = "9";
const LOADER = "/lib64/ld-linux-x86-64.so.2";

let built: Built;
let steps: string;
let tree: string;
beforeAll(async () => {
  built = await buildAll();
  steps = join(built.directory, "exec-steps");
  compileC(steps, join(import.meta.dirname, "exec-steps.c"), ["-O1", "-Wall", "-static"]);
});
afterAll(() => built.remove());
beforeEach(() => {
  const { uid, gid } = identities[0]?.as ?? { uid: 0, gid: 0 };
  tree = scratchFolder("tree");
  chownSync(tree, uid, gid);
  for (const name of ["good", "evil"]) copyFileSync(steps, at(name));
});
afterEach(() => rmSync(tree, { recursive: true }));

const at = (name: string) => join(tree, name);

/** Until what the mediator reads of these files is remembered. */
async function untilOld(...names: readonly string[]): Promise<void> {
  for (const name of names)
    while (Date.now() - statSync(at(name)).ctimeMs <= UNCHANGED_MS_MIN) await sleep(50);
}

/**
 * Executes `program` twice, so that the second time is by what was remembered at the first, then
 * changes something, and executes it once more.
 */
async function beforeAndAfter(program: string, change: () => void | Promise<void>) {
  const run = ["run", at(program)];
  const rules = [
    "r /**",
    ...["good", "program", "ld-good", "script"].map((name) => `rx ${at(name)}`),
  ];
  const scene = startScene(
    built,
    {
      supervised: "enforcing",
      rules: [...rules, "rxm /usr/lib/**", `rwc ${at("ready")}`],
      timeoutMs: TIMEOUT_MS,
    },
    [at("good"), ...run, ...run, "say", at("ready"), "await", at("go"), ...run],
    tree,
  );
  while (!existsSync(at("ready")) && scene.process.exitCode === null) await sleep(5);
  await change();
  writeFileSync(at("go"), "");
  const { lines, events, stderr } = await scene.done;
  expect(stderr).toBe("");
  return { lines, objects: events.map(({ object }) => object.replaceAll(tree, "T")) };
}

function overwrite(name: string, position: number, text: string): void {
  const file = openSync(at(name), "r+");
  writeSync(file, text, position);
  closeSync(file);
}

const script = (): void => {
  writeFileSync(at("script"), `#!${at("good")} executed\n`);
  chmodSync(at("script"), PUBLIC_PROGRAM);
};

test("an interpreter that is written over in a script is judged at the next execution", {
  timeout: TIMEOUT_MS,
}, async () => {
  script();
  await untilOld("script", "good");
  const { lines, objects } = await beforeAndAfter("script", () =>
    overwrite("script", "#!".length, at("evil")),
  );
  expect(lines).toEqual([RAN, RAN, "EACCES"]);
  expect(objects).toEqual(["T/evil"]);
});

test("nor does one run that is written over by a mapping, which leaves the time as it was", {
  timeout: TIMEOUT_MS,
}, async () => {
  script();
  const words = ["map", at("script"), "say", at("mapped"), "await", at("now"), "store", at("evil")];
  const writer = spawn(steps, words, { stdio: "inherit" });
  const stored = new Promise((resolve) => writer.on("close", resolve));
  while (!existsSync(at("mapped"))) await sleep(5);
  await untilOld("script", "good");
  // A file that is open for writing is not executed (ETXTBSY); it was judged all the same.
  const { lines } = await beforeAndAfter("script", async () => {
    writeFileSync(at("now"), "");
    await stored;
  });
  expect(lines.slice(0, 2)).toEqual(["ETXTBSY", "ETXTBSY"]);
  expect(["EACCES", ENDED]).toContain(lines[2]);
});

/** A program with the loader of that name. */
function dynamic(program: string, loader: string): void {
  compileC(at(program), join(import.meta.dirname, "exec-steps.c"), [
    ...["-O1", "-Wall"],
    `-Wl,--dynamic-linker=${at(loader)}`,
  ]);
  for (const name of ["ld-good", "ld-evil"]) copyFileSync(realpathSync(LOADER), at(name));
}

test("a loader's name that leads elsewhere is looked up at the next execution", {
  timeout: TIMEOUT_MS,
}, async () => {
  dynamic("program", "ld-link");
  symlinkSync("ld-good", at("ld-link"));
  await untilOld("program", "ld-good");
  const { lines, objects } = await beforeAndAfter("program", () => {
    symlinkSync("ld-evil", at("ld-new"));
    renameSync(at("ld-new"), at("ld-link"));
  });
  expect(lines).toEqual([RAN, RAN, "EACCES"]);
  expect(objects).toEqual(["T/ld-evil"]);
});

test("a loader that is written over in a program is judged at the next execution", {
  timeout: TIMEOUT_MS,
}, async () => {
  dynamic("program", "ld-good");
  await untilOld("program", "ld-good");
  const { lines, objects } = await beforeAndAfter("program", () =>
    overwrite("program", readFileSync(at("program")).indexOf(at("ld-good")), at("ld-evil")),
  );
  expect(lines).toEqual([RAN, RAN, "EACCES"]);
  expect(objects).toEqual(["T/ld-evil"]);
});

test("so is that of a program which takes the place of another one", {
  timeout: TIMEOUT_MS,
}, async () => {
  dynamic("program", "ld-good");
  dynamic("other", "ld-evil");
  await untilOld("program", "ld-good");
  const { lines, objects } = await beforeAndAfter("program", () =>
    renameSync(at("other"), at("program")),
  );
  expect(lines).toEqual([RAN, RAN, "EACCES"]);
  expect(objects).toEqual(["T/ld-evil"]);
});
