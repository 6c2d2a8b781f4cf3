import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PRIVATE_FILE, PUBLIC_FILE, SHARED_FILE } from "../../src/base/modes.ts";
import { needsRoot } from "../support/skip.ts";
import { clone, Domain, type How } from "./domain.ts";
import { users } from "./users.ts";

/**
 * In mount namespaces of their own the host's places can be full, read-only or empty without
 * affecting other processes.
 */
const privately = (...steps: string[]): How => ({
  wrap: [
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-ec",
    `${steps.join("\n")}\nexec "$@"`,
    "sh",
  ],
});

describe.each(users)("fail closed: for $who", ({ uid }) => {
  let scene: Domain;
  beforeAll(() => {
    scene = new Domain(uid);
  });
  afterAll(() => scene.close());

  /** Not started, with a message that matches, and a help line. */
  function refused(message: RegExp, how: How = {}, args?: readonly string[]) {
    const command = ["--", "/bin/sh", "-c", `echo started > ${scene.home}/started; echo started`];
    const { status, out, err } = scene.cofferdam(
      ["run", ...(args ?? ["--policy", scene.policy]), ...command],
      how,
    );
    expect({ status, out, started: fs.existsSync(`${scene.home}/started`) }, err).toEqual({
      status: 125,
      out: "",
      started: false,
    });
    expect(err).toMatch(message);
    expect(err).toContain("help: ");
  }

  test("a policy that is not there, unreadable, broken, of somebody else", () => {
    refused(/no such domain|CFD1001/, {}, ["nowhere"]);
    fs.rmSync(scene.policy, { force: true });
    refused(/CFD100[12]/);
    scene.write("home/policies/scene.yaml", "files: [r /etc/**\n");
    refused(/CFD1101/);
    scene.write("home/policies/scene.yaml", "");
    refused(/CFD1110/);
    scene.writePolicy();
    fs.chmodSync(scene.policy, SHARED_FILE);
    refused(/CFD1005/);
    fs.chmodSync(scene.policy, PUBLIC_FILE);
    if (process.getuid?.() !== 0) return;
    fs.chownSync(scene.policy, 4711, 4711);
    refused(/CFD1006/);
    fs.chownSync(scene.policy, 0, 0);
    fs.chmodSync(scene.policy, PRIVATE_FILE);
    if (uid !== 0) refused(/CFD1002/);
  });

  test("a level that is none, and a variable without a name or a value", () => {
    scene.writePolicy();
    const given = (...words: string[]) => [...words, "--policy", scene.policy];
    refused(/`loud` is not a level[\s\S]*nothing was started/, {}, given("--level", "loud"));
    refused(/`x` gives no variable a value[\s\S]*nothing was started/, {}, given("--set", "x"));
    refused(/`=x` gives no variable a value[\s\S]*nothing was started/, {}, given("--set", "=x"));
  });

  test("a plan that is cut is never used: it is made again, or nothing starts", () => {
    scene.writePolicy();
    const secret = `read ${scene.home}/secret/file`;
    expect(scene.tries([secret])).toEqual(["EACCES"]);
    const plan = scene.planFiles()[0] ?? "";
    const whole = fs.readFileSync(plan);
    fs.truncateSync(plan, whole.length - 1);
    expect(scene.tries([secret])).toEqual(["EACCES"]);
    expect(fs.statSync(plan).size).toBe(whole.length);
    fs.truncateSync(plan, whole.length >> 1);
    scene.write("home/policies/scene.yaml", "syntax error: [\n");
    refused(/the compiler ended with status 3/);
  });

  test("a disk that is full where plans lie", (context) => {
    needsRoot(context);
    scene.writePolicy();
    scene.tries([`read ${scene.home}/granted/file`]);
    scene.writePolicy({ rest: "# other\n" });
    const full = [
      `mount -t tmpfs -o size=4k,mode=0755,uid=${uid} full ${scene.plans}`,
      `head -c 4096 /dev/zero > ${scene.plans}/filling`,
    ];
    refused(/ENOSPC|no space/i, privately(...full));
  });

  test("a folder of plans or of runs that cannot be written", (context) => {
    needsRoot(context);
    scene.writePolicy();
    scene.tries([`read ${scene.home}/granted/file`]);
    scene.writePolicy({ rest: "# another\n" });
    refused(
      /EROFS|read-only/i,
      privately(`mount -t tmpfs -o ro,mode=0755,uid=${uid} none ${scene.plans}`),
    );
    const runs = path.join(path.dirname(scene.plans), "runs");
    scene.writePolicy();
    scene.tries([`read ${scene.home}/granted/file`]);
    refused(
      /make the record of this run: .*EROFS/,
      privately(`mount -t tmpfs -o ro,mode=0755,uid=${uid} none ${runs}`),
    );
    refused(
      /trust the folder of runs/,
      privately(`mount -t tmpfs -o mode=0777,uid=${uid} none ${runs}`),
    );
  });

  test("a log that cannot be written lets nothing through", (context) => {
    needsRoot(context);
    scene.writePolicy();
    const lines = [
      `read ${scene.home}/granted/file`,
      `read ${scene.home}/secret/file`,
      `make ${scene.home}/secret/new`,
    ];
    const words = scene.tries(lines);
    expect(words.map((word) => word === "0")).toEqual([true, false, false]);
    const logs = path.dirname(scene.events);
    const own = (options: string) => `mount -t tmpfs -o ${options},uid=${uid} none ${logs}`;
    for (const steps of [
      [own("ro,mode=0755")],
      [own("mode=0777")],
      [own("mode=0755"), `mkfifo -m 600 ${scene.events}`],
    ])
      expect(scene.tries(lines, privately(...steps)), steps.join()).toEqual(words);
  });

  test("without a mediator notified calls fail; the daemon's other work continues", (context) => {
    needsRoot(context);
    scene.writePolicy();
    const lines = [
      `make ${scene.home}/shared/exact`,
      `read ${scene.home}/granted/file`,
      `make ${scene.home}/shared/other`,
    ];
    const without = [`mount --bind /dev/null ${clone}/dist/mediator.js`];
    const words = scene.tries(
      [...lines, ...lines, ...lines, ...lines, ...lines],
      privately(...without),
    );
    expect(words.filter((_, at) => at % 3 === 1)).toEqual(["0", "0", "0", "0", "0"]);
    expect(words.filter((_, at) => at % 3 !== 1).join(" ")).toMatch(/^((EIO|EACCES|ENOSYS) ?)+$/);
    expect(fs.existsSync(`${scene.home}/shared/exact`)).toBe(false);
  });

  test("a compiler that cannot be had, though the plan is stale", (context) => {
    needsRoot(context);
    scene.writePolicy({ rest: "# stale\n" });
    refused(
      /without a valid plan nothing is started/,
      privately(`mount --bind /dev/null ${clone}/dist/cofferdam.js`),
    );
  });

  test("too few descriptors, processes or memory: the domain holds, or nothing starts", () => {
    scene.writePolicy();
    const secret = `read ${scene.home}/secret/file`;
    expect(scene.tries([secret])).toEqual(["EACCES"]);
    const limits = [3, 4, 6, 8, 10, 12, 16]
      .map((count) => `--nofile=${count}`)
      .concat(["--as=20000000", "--fsize=0", "--stack=65536"]);
    for (const limit of limits) {
      const { status, out } = scene.run([scene.try], {
        wrap: ["prlimit", limit],
        input: `${secret}\n`,
      });
      expect(`${limit} ${out.trim()}`).toMatch(/ (EACCES|EMFILE)?$/);
      if (out === "") expect([125, 126, 127, null], limit).toContain(status);
    }
  });
});
