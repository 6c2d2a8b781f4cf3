import * as path from "node:path";
import { expect, test } from "vitest";
import { compileC } from "../support/compile-c.ts";
import { skipUnless } from "../support/skip.ts";
import { bundleTests, testOutcomes } from "./bundle.ts";
import { fillWithClone } from "./fill.ts";
import { clone } from "./kernel.ts";
import { MACHINE_TIMEOUT_MS, machineMissing, runInVm } from "./machine.ts";

const missing = machineMissing();
/** In the clone, where it finds node_modules. */
const bundleFile = path.join(clone, "build/vm/used-capabilities.mjs");
const source = path.join(clone, "test/agent/used-capabilities.c");

test(
  "on Debian's stock kernel, used capabilities are told at warning without a tracepoint",
  async (context) => {
    skipUnless(context, missing === null, missing ?? "");
    const bundle = await bundleTests('import "./guest/used-capabilities.ts";');
    const work = { capabilities: { root: { used: `node ${bundleFile}` } } };
    const { steps, console: said } = await runInVm(work, (tree) => {
      fillWithClone(tree);
      tree.write(bundleFile, bundle);
      for (const name of ["unshare", "nsenter", "mount"]) tree.program(`/usr/bin/${name}`);
      compileC(path.join(tree.folder, "vm/acts"), source, ["-static"]);
    });
    const { output = said, status = null } = steps.get("capabilities/root/used") ?? {};
    const outcomes = testOutcomes(output).map(({ title, state }) => `${title}: ${state}`);
    expect(outcomes, output).toEqual([
      "the program is attached to the return of the kernel's check: passed",
      "what the policy does not grant is told, what it grants is not, and both work: passed",
      "at enforcing nothing is attached and nothing is told: passed",
      "uses are told after the agent's end, and the domain's end detaches the program: passed",
    ]);
    expect(status, output).toBe(0);
  },
  MACHINE_TIMEOUT_MS,
);
