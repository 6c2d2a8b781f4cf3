import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SET_USER_ID_PROGRAM } from "../../src/base/modes.ts";
import { compileC } from "../support/compile-c.ts";
import { needsRoot } from "../support/skip.ts";
import { clone, Domain, front, NOBODY, type Outcome } from "./domain.ts";
import { users } from "./users.ts";

/** Tries within one run; the many are in `mediate/supervised/exec-raced`. */
const TRIES = Number(process.env.COFFERDAM_RACES ?? 300);
/** Number of starts of a supervised run while its command is exchanged from outside. */
const STARTS = 25;
const TIMEOUT_MS = 120_000 + 10 * TRIES;
const raced = path.join(clone, "test/mediate/supervised/exec-raced.c");

let scene: Domain;
afterEach(() => scene.close());

/** good/program is granted, evil/program is not. */
function prepare(uid: number, rest = ""): void {
  scene = new Domain(uid);
  const program = scene.at("raced");
  compileC(program, raced, ["-O1", "-static", "-pthread"]);
  for (const name of ["good", "evil"]) {
    fs.mkdirSync(scene.at(name));
    fs.copyFileSync(program, scene.at(`${name}/program`));
  }
  scene.writePolicy({
    files: [`rx ${scene.at("good")}/**`, `r ${scene.folder}`, "r /proc/**"],
    rest: `level: enforcing\nmediation: supervised\n${rest}`,
  });
}

const inFolder = ["env", "-C"];

function expectNothing({ out, err, status }: Outcome): void {
  expect(out, err).toMatch(/^tries \d+ refused \d+ ran \d+ ended \d+\n$/);
  const counts = out.match(/\d+/g)?.map(Number) ?? [];
  expect(Math.min(...counts), out).toBeGreaterThan(0);
  expect(status).toBe(0);
}

describe.each(users)("as $who", ({ uid }) => {
  beforeEach(() => prepare(uid));

  test.each([
    ["a mediator of its own or the host's", []],
    ["a front that stays", ["--level", "enforcing"]],
  ])(
    "with %s no program without a grant runs, whatever races",
    { timeout: TIMEOUT_MS },
    (_, options) => {
      const command = [scene.at("good/program"), "path", "leader", String(TRIES)];
      const run = [front, "run", ...options, "--policy", scene.policy, "--", ...command];
      expectNothing(scene.outside(run, { wrap: [...inFolder, scene.folder] }));
    },
  );

  test("the command of a run is the one that was judged, whoever exchanges it from outside", {
    timeout: TIMEOUT_MS,
  }, () => {
    fs.symlinkSync("good", scene.at("link-directory"));
    const flips = `
      const fs = require("node:fs");
      for (let turn = 0; ; turn++) {
        fs.symlinkSync(turn % 2 ? "good" : "evil", "link-new");
        fs.renameSync("link-new", "link-directory");
      }`;
    const flipper = spawn(process.execPath, ["-e", flips], { cwd: scene.folder, stdio: "ignore" });
    try {
      const ends = Array.from({ length: STARTS }, () =>
        scene.run([scene.at("link-directory/program"), "executed"]),
      );
      expect(ends.filter(({ out }) => out.includes("won"))).toEqual([]);
      // What is not granted is refused or, where it was put in the place of what is, ended.
      expect(ends.filter(({ status }) => status !== 0).length).toBeGreaterThan(0);
    } finally {
      flipper.kill("SIGKILL");
    }
  });
});

describe("as root", () => {
  beforeEach(needsRoot);

  test("a set-user-id program that the policy names gets what it gets outside", () => {
    prepare(0);
    const program = scene.at("set-user-id");
    fs.copyFileSync("/usr/bin/id", program);
    fs.chmodSync(program, SET_USER_ID_PROGRAM);
    scene.writePolicy({
      files: [`rx ${program}`],
      rest:
        "level: enforcing\nmediation: supervised\nuser: nobody\ncapabilities: [setuid, " +
        `setgid]\nset-user-id: [${program}]\n`,
    });
    const { out, err } = scene.run([program]);
    expect(out, err).toMatch(new RegExp(`^uid=${NOBODY}\\b.* euid=0\\b`));
  });

  test("a run in a pid namespace of its own is held as well, also by a mediator outside", {
    timeout: TIMEOUT_MS,
  }, () => {
    prepare(0);
    const socket = "/run/cofferdam/mediator.sock";
    const script = `
      mount -t tmpfs none /run
      ${process.execPath} ${clone}/dist/mediator.js shared &
      while [ ! -S ${socket} ]; do sleep 0.01; done
      cd ${scene.folder}
      # In there no plan could be made.
      "$@" >/dev/null
      unshare --pid --fork "$@"
      status=$?
      kill -9 %1
      exit $status`;
    const command = [scene.at("good/program"), "path", "leader", String(TRIES)];
    const run = [front, "run", "--policy", scene.policy, "--", ...command];
    const wrap = ["unshare", "-m", "--propagation", "private", "bash", "-c", script, "bash"];
    expectNothing(scene.outside(run, { wrap }));
  });
});
