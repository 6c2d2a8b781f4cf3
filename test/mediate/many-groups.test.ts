import { tmpdir } from "node:os";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import { runScene } from "./scene.ts";
import { everyCapability, toStart } from "./supervised/rules.ts";

/** The kernel's NGROUPS_MAX. */
const MOST = 65_536;
const TIMES = 200;

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = built.compile("many-groups");
});
afterAll(() => built.remove());
beforeEach((context) => needsRoot(context));

const supervised = () => ({
  supervised: "enforcing" as const,
  rules: [...toStart(built), `rx ${program}`],
  policy: { capabilities: everyCapability },
});

test.each([
  [1_023, "ok"],
  [1_024, "EPERM"],
  [MOST, "EPERM"],
])("supervised, setgroups of %i groups: %s", (count, said) => {
  const run = runScene(built, supervised(), [program, String(count)], tmpdir());
  expect(run.lines).toEqual([`setgroups ${count}: ${said}`]);
  expect(run.events.map(({ object }) => object)).toEqual(
    said === "ok" ? [] : [`${count} supplementary groups, more than 1023`],
  );
});

test("a process with the most groups that can be is refused without a look at each call", () => {
  const options = { rules: ["rwcda /tmp/**"], inside: [program, String(MOST)] };
  const run = runScene(built, options, [program, "0"], tmpdir());
  expect(run.stderr).toBe("");
  expect(run.lines).toEqual([`refused ${TIMES}`]);
  expect(run.events[0]).toMatchObject({
    object: "asked by a process with more than 1023 supplementary groups",
  });
});
