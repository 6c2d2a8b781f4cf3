import { type ChildProcess, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Claimant } from "../../src/domains/mediator-places.ts";
import { DOMAINS_MAX, DOMAINS_OF_ONE_MAX, DOMAINS_OF_USERS_MAX } from "../../src/mediate/limits.ts";
import { hasShare } from "../../src/mediate/shared/shares.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import { endAll, endMediators, folderInMemory, startMediator } from "./mediators.ts";
import { scenePlan, startScene } from "./scene.ts";

const TIMEOUT_MS = 240_000;

const times = (count: number, claimant: (index: number) => Claimant) =>
  Array.from({ length: count }, (_, index) => claimant(index));
const shell = (uid: number): Claimant => ({ domain: "shell", uid });

test("one user's runs leave room for others', and all users' for root's", () => {
  const own = times(DOMAINS_OF_ONE_MAX, () => shell(7));
  expect(hasShare(shell(7), own.slice(1))).toBe(true);
  expect(hasShare(shell(7), own)).toBe(false);
  expect(hasShare(shell(8), own)).toBe(true);
  expect(hasShare({ domain: "web", uid: 7 }, own)).toBe(true);
  const users = times(DOMAINS_OF_USERS_MAX, (index) => shell(1_000 + index));
  expect(hasShare(shell(7), users)).toBe(false);
  expect(hasShare(shell(0), users)).toBe(true);
  expect(hasShare(shell(0), [...users, ...times(DOMAINS_MAX - users.length, () => shell(0))])).toBe(
    false,
  );
});

describe("the shared mediator", () => {
  let built: Built;
  let innocent: string;
  let tree: string;
  let socket: string;
  let running: ChildProcess[] = [];
  beforeAll(async () => {
    built = await buildAll();
    innocent = built.compile("innocent");
  });
  afterAll(() => built.remove());
  beforeEach(async (context) => {
    needsRoot(context);
    tree = folderInMemory();
    for (const name of ["open", "run"]) mkdirSync(join(tree, name));
    socket = join(tree, "run/mediator.sock");
    await startMediator(built.mediator, socket);
  });
  afterEach(async () => {
    for (const child of running) child.kill("SIGKILL");
    running = [];
    endAll(innocent);
    await endMediators(socket);
    rmSync(tree, { recursive: true });
  });

  const as = (uid: number) => (plan: Plan) => ({
    identity: { ...plan.identity, user: { uid, gid: uid, groups: [] } },
  });

  test("says of a run beyond its user's share that it is to have its own, and serves others", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const rules = [`rwcda ${tree}/open/*`];
    for (let index = 0; index < DOMAINS_OF_ONE_MAX; index++) {
      const program = [innocent, "1", join(tree, "open", `of7-${index}`), "1000000"];
      running.push(startScene(built, { rules, joins: socket, plan: as(7) }, program, tree).process);
    }
    const made = () => readdirSync(join(tree, "open")).filter((name) => name.startsWith("of7"));
    await expect.poll(() => made().length, { timeout: TIMEOUT_MS }).toBe(DOMAINS_OF_ONE_MAX);
    const strange = built.compile("strange");
    const answer = (variant: string, uid: number) => {
      const plan = join(tree, `${uid}.plan`);
      const base = scenePlan({ rules }, join(tree, "log"));
      writeFileSync(plan, encodePlan({ ...base, ...as(uid)(base) }));
      return spawnSync(strange, [variant, socket, plan], { encoding: "utf8" }).stdout;
    };
    expect(answer("asks", 7)).toBe("elsewhere\n");
    expect(answer("good", 7)).toBe("elsewhere\n");
    expect(answer("asks", 8)).toBe("taken\n");
    expect(answer("good", 8)).toBe("taken\n");
  });
});
