import { expect, test } from "vitest";
import { livingRuns } from "../../src/domains/living-runs.ts";
import type { ListedProcess } from "../../src/domains/processes.ts";
import type { Run } from "../../src/domains/runs.ts";

const run = (pid: number, daemonState: Run["daemonState"], domain = "web") =>
  ({ pid, domain, daemonState }) as Run;
const inside = (run: number | null, domain = "web") =>
  ({ confinement: { domain, run } }) as ListedProcess;
const outside = { confinement: "superDom" } as ListedProcess;

test("a run lives as long as its daemon, or anybody that this one left", () => {
  const runs = [run(1, "alive"), run(2, "gone"), run(3, "gone"), run(3, "gone", "other")];
  expect(livingRuns(runs, [inside(2), outside])).toEqual([runs[0], runs[1]]);
});

test("another run of the domain keeps no record alive; an unknown run does", () => {
  const dead = run(7, "gone");
  expect(livingRuns([dead], [inside(8)])).toEqual([]);
  expect(livingRuns([dead], [inside(null)])).toEqual([dead]);
  expect(livingRuns([dead], [inside(null, "other")])).toEqual([]);
});
