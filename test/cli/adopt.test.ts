import { afterAll, expect, test } from "vitest";
import { ExitCode } from "../../src/host/exit-code.ts";
import { Caller } from "./command-line.ts";

// What it does in a kernel that lets it: test/vm/lsm.test.ts.
const caller = new Caller();
afterAll(() => caller.remove());

test("adopt holds only a part of a policy, and wants that to be accepted", async () => {
  const { status, out, err } = await caller.run(["adopt", "nginx", "42"]);
  expect({ status, out }).toEqual({ status: ExitCode.usage, out: "" });
  expect(err).toMatch(/does not hold the whole policy yet[\s\S]*add --experimental/);
});

test("only root adopts, and only root lets go", async () => {
  const adopting = await caller.run(["adopt", "--experimental", "nginx", "42"]);
  expect(adopting).toMatchObject({ status: ExitCode.unavailable, out: "" });
  expect(adopting.err).toMatch(/only root can adopt/);
  const undoing = await caller.run(["agent", "--unpin"]);
  expect(undoing).toMatchObject({ status: ExitCode.unavailable, out: "" });
});
