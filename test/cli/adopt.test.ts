import { afterAll, expect, test } from "vitest";
import { ExitCode } from "../../src/host/exit-code.ts";
import { Caller } from "./command-line.ts";

// What it does in a kernel that lets it: test/vm/lsm.test.ts.
const caller = new Caller();
afterAll(() => caller.remove());

test("only root adopts, and only root lets go", async () => {
  const adopting = await caller.run(["adopt", "nginx", "42"]);
  expect(adopting).toMatchObject({ status: ExitCode.unavailable, out: "" });
  expect(adopting.err).toMatch(/only root can adopt/);
  const undoing = await caller.run(["agent", "--unpin"]);
  expect(undoing).toMatchObject({ status: ExitCode.unavailable, out: "" });
});
