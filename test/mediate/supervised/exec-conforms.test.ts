import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../../src/base/modes.ts";
import { compileC } from "../../support/compile-c.ts";
import { scratchFolder } from "../../support/scratch.ts";
import { type Built, buildAll } from "../build.ts";
import { type Run, runScene, type SceneOptions, startScene } from "../scene.ts";
import { identities, withTree } from "../tree.ts";

const TIMEOUT_MS = 120_000;
/** Status with which the executed program ends, as waitpid(2) has it. */
const ENDED = "700";

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = join(built.directory, "exec-conforms");
  const source = join(import.meta.dirname, "exec-conforms.c");
  compileC(program, source, ["-O1", "-static", "-pthread"]);
});
afterAll(() => built.remove());

function prepared(tree: string): Pick<SceneOptions, "supervised" | "rules" | "timeoutMs"> {
  copyFileSync(program, join(tree, "program"));
  writeFileSync(join(tree, "script"), `#!${tree}/program script\n`);
  chmodSync(join(tree, "script"), PUBLIC_PROGRAM);
  const rules = ["r /**", `rx ${tree}/program`, `rx ${tree}/script`, `rwc ${tree}/ready`];
  return { supervised: "enforcing", rules, timeoutMs: TIMEOUT_MS };
}

test.each([false, true])(
  "beside a holder that knows nothing of it nothing is executed, shared mediator: %s",
  (shared) => {
    withTree(identities[0]?.as ?? { uid: 0, gid: 0 }, (tree) => {
      const options = { ...prepared(tree), oldHolder: true, shared };
      const { status, stderr, events } = runScene(built, options, [join(tree, "program")], tree);
      expect(stderr).toBe("harness: exec: Permission denied\n");
      expect(status).toBe(97);
      expect(events.map(({ object }) => object).join()).toContain(
        "is of an older version: restart",
      );
    });
  },
);

describe.each(identities)("$title", ({ as, ...mediated }) => {
  const options = { as, ...mediated };
  const run = (...what: readonly string[]): Run => {
    let done: Run | undefined;
    withTree(as, (tree) => {
      done = runScene(
        built,
        { ...prepared(tree), ...options },
        [join(tree, "program"), ...what],
        tree,
      );
    });
    return done as Run;
  };

  test("a process is untraced before and after execution, and a failure gets its error", () => {
    expect(run("failing")).toMatchObject({
      lines: [
        "other errors 0",
        "traced by 0",
        "missing: No such file or directory",
        "traced by 0",
        "may be traced 1",
      ],
      status: 7,
      stderr: "",
      events: [],
    });
  });

  test("so is a process that executes in another thread than the first", () => {
    expect(run("thread")).toMatchObject({ lines: ["traced by 0", "may be traced 1"], status: 7 });
  });

  test("a child of vfork, a script: the parent sees the program's own status", () => {
    expect(run("vfork").lines).toEqual([
      ...["traced by 0", "may be traced 1", `status ${ENDED}`],
      ...["traced by 0", `status ${ENDED}`],
      ...["traced by 0", "may be traced 1", `status ${ENDED}`],
    ]);
  });

  test("no signal that comes meanwhile is lost", { timeout: TIMEOUT_MS }, () => {
    expect(run("signals").lines).toEqual(["signals 2000, other errors 0, enough 1"]);
  });

  test("stopped and continued a thousand times a second, executions succeed and fail as ever", {
    timeout: TIMEOUT_MS,
  }, () => {
    expect(run("stops").lines).toEqual(["other results 0"]);
  });

  test("a parent sees its child stop, go on and end", { timeout: TIMEOUT_MS }, () => {
    expect(run("stopped-children").lines).toEqual(["strange 0, stopped 1, continued 1"]);
  });

  test("many threads of one process execute at once: one succeeds, and none hangs", {
    timeout: TIMEOUT_MS,
  }, () => {
    expect(run("together").lines).toEqual(["other results 0"]);
  });

  test("hundreds of processes execute at once, and all of them do", {
    timeout: TIMEOUT_MS,
  }, () => {
    expect(run("crowd")).toMatchObject({ lines: ["other results 0"], events: [] });
  });

  test("a process that the domain itself traces executes nothing, with a reason", () => {
    const { lines, events } = run("traced");
    expect(lines).toEqual(["traced: Permission denied"]);
    expect(events.map(({ object }) => object)).toEqual([
      expect.stringContaining("it is traced by another process"),
    ]);
  });

  test("nor does a process that is traced from outside", { timeout: TIMEOUT_MS }, async () => {
    const tree = scratchFolder("tree");
    chownSync(tree, as.uid, as.gid);
    const scene = startScene(
      built,
      { ...prepared(tree), ...options },
      [join(tree, "program"), "waits"],
      tree,
    );
    const told = () =>
      existsSync(join(tree, "ready")) ? readFileSync(join(tree, "ready"), "utf8") : "";
    while (!told().endsWith("\n")) await sleep(5);
    const pid = told().trim();
    const tracer = spawn("strace", ["-o", "/dev/null", "-p", pid], { stdio: "ignore" });
    const tracedBy = () =>
      /TracerPid:\t(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    while (tracedBy() === "0") await sleep(5);
    writeFileSync(join(tree, "go"), "");
    const { lines, events } = await scene.done;
    tracer.kill();
    rmSync(tree, { recursive: true });
    expect(lines).toEqual(["refused: Permission denied"]);
    expect(events.map(({ object }) => object).join()).toContain("it is traced by another process");
  });

  test("an execution whose mediator is killed and replaced runs what was granted, or fails", {
    timeout: TIMEOUT_MS,
  }, () => {
    withTree(as, (tree) => {
      const done = runScene(
        built,
        { ...prepared(tree), ...options, kills: 5 },
        [join(tree, "program"), "again"],
        tree,
      );
      expect(done.lines).toEqual(["other results 0"]);
    });
  });
});
