import * as fs from "node:fs";
import { afterAll, expect, test } from "vitest";
import { findCgroup2 } from "../../src/kernel/probe/caller.ts";
import { decodePlan } from "../../src/plan/decode.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { Domain } from "./domain.ts";

const scene = new Domain(0);
afterAll(() => scene.close());

test("a plan made where no control groups are mounted is made anew where they are", (context) => {
  needsRoot(context);
  const mounted = findCgroup2(fs.readFileSync("/proc/self/mountinfo", "utf8"));
  skipUnless(context, mounted !== null, "no control groups version 2 are mounted");
  scene.writePolicy({
    files: ["r /proc/**", "rx /usr/**"],
    rest: "network: [connect tcp 127.0.0.1:9]\n",
  });
  const run = (wrap: readonly string[]) =>
    scene.cofferdam(["run", "--policy", scene.policy, "--", "cat", "/proc/self/cgroup"], { wrap });
  const plan = () => decodePlan(fs.readFileSync(scene.planFiles()[0] as string));
  const poorer = ["unshare", "--mount", "sh", "-c", 'umount -l "$0" && exec "$@"', `${mounted}`];
  expect(run(poorer)).toMatchObject({ status: 0, err: "" });
  expect(plan()).toMatchObject({ cgroup: null, host: { withoutCgroup2: true } });

  const richer = run([]);
  expect(richer).toMatchObject({ status: 0, err: "" });
  expect(richer.out).toMatch(/^0::.*\/cofferdam\//m);
  expect(plan().cgroup?.programs.length).toBeGreaterThan(0);
});
