import * as path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { BUILD_MS, FOLDER_IN_ROOT, sharedPackages } from "../../package/packages.ts";
import { skipUnless } from "../../support/skip.ts";
import { bundleTests, testOutcomes } from "../bundle.ts";
import { MACHINE_TIMEOUT_MS } from "../machine.ts";
import type { Tree } from "../tree.ts";
import type { MachineOutcome } from "../work.ts";
import { IMAGE_MS, imageMissing } from "./image.ts";
import { runServer } from "./server.ts";

/** Tests that run on the server, by title, in this order. They know vitest's `expect`. */
export type Suite = Readonly<Record<string, () => unknown>>;

interface More {
  /** Debian's packages of the server's image; by default those of `image.ts`. */
  readonly packages?: readonly string[];
  readonly fill?: (files: Tree) => void;
  /** Words of the kernel's command line, by the suite that runs there. */
  readonly kernels?: Readonly<Record<string, string>>;
  /** Gets what the last suite printed, if all tests passed. */
  readonly seen?: (output: string) => void;
}

/** What each boot does, as `work` names it there. */
const STEP = "suite/root/tests";
/** Of the journal, with a test that failed. */
const JOURNAL_LINES = 40;

/**
 * Runs suites on one Debian server, which boots for each of them, and has a test of this host's
 * tell what became of each of theirs. Cofferdam's packages of both versions lie in the server's
 * /srv/packages; none is installed.
 * @param module the file that exports these suites by these names
 */
export function testOnServer(
  module: string,
  suites: Readonly<Record<string, Suite>>,
  { packages: ofImage, fill = () => undefined, kernels = {}, seen = () => undefined }: More = {},
): void {
  const names = Object.keys(suites);
  const missing = imageMissing(ofImage);
  let outcomes: readonly MachineOutcome[] = [];

  beforeAll(
    async () => {
      if (missing !== null) return;
      const bundles = await Promise.all(names.map((name) => bundleTests(runsSuite(module, name))));
      const packages = sharedPackages();
      outcomes = await runServer({
        packages: ofImage,
        fill: (files) => {
          files.copy(packages.folder, FOLDER_IN_ROOT);
          for (const [index, name] of names.entries())
            files.write(`vm/${name}.mjs`, bundles[index] as string);
          fill(files);
        },
        boots: names.map((name) => ({
          work: { suite: { root: { tests: `node /vm/${name}.mjs` } } },
          ...(name in kernels ? { kernel: kernels[name] as string } : {}),
        })),
      });
      const told = outcomes.map(({ steps }) => steps.get(STEP)?.output ?? "");
      const passed = told.flatMap(testOutcomes).filter(({ state }) => state === "passed");
      if (passed.length === names.flatMap((name) => Object.keys(suites[name] ?? {})).length)
        seen(told.at(-1) ?? "");
    },
    MACHINE_TIMEOUT_MS * names.length + IMAGE_MS + BUILD_MS,
  );

  for (const [boot, name] of names.entries())
    for (const title of Object.keys(suites[name] ?? {}))
      test(title, (context) => {
        skipUnless(context, missing === null, missing ?? "");
        const outcome = outcomes[boot];
        const { output, status } = outcome?.steps.get(STEP) ?? {};
        const found = testOutcomes(output ?? "").find((told) => told.title === title);
        skipUnless(context, found?.state !== "skipped", found?.why ?? "");
        if (found?.state === "passed") return;
        const why = found?.why ?? `the suite ended with status ${status}:\n${output}`;
        const journal = outcome?.journal.split("\n").slice(-JOURNAL_LINES).join("\n");
        expect.fail(`${why}\nthe end of the server's journal:\n${journal}`);
      });
}

/** The console of the server tells at once what became of each test: a run takes half an hour. */
function runsSuite(module: string, name: string): string {
  return `import { ${name} as suite } from ${JSON.stringify(module)};
    import { test } from "vitest";
    import { machine } from ${JSON.stringify(path.join(import.meta.dirname, "guest/machine.ts"))};
    for (const [title, body] of Object.entries(suite))
      test(title, async () => {
        machine.announce(title);
        try {
          await body();
        } catch (error) {
          machine.announce("FAILED: " + (error?.message ?? error));
          throw error;
        }
        machine.announce("passed");
      });`;
}
