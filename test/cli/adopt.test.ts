import { afterAll, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { runCommandLine } from "../../src/cli/program.ts";
import { ExitCode } from "../../src/host/exit-code.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import { root } from "../house/tree.ts";
import { Caller } from "./command-line.ts";
import { hearing } from "./hearing.ts";

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

test("the command does not adopt itself, nor what it was started from", async () => {
  const { context, ended } = hearing(scratchPlaces(caller.folder, root), 80);
  for (const own of [process.pid, process.ppid]) {
    const words = ["adopt", "nginx", String(own)];
    const adopting = ended(await runCommandLine(words, context, commands));
    expect(adopting).toMatchObject({ status: ExitCode.unavailable, out: "" });
    expect(adopting.err).toContain(String(own));
    expect(adopting.err).toContain("systemd-run --pipe --wait cofferdam adopt");
  }
});
