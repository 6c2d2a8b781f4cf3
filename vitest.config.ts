import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Test files that turn switches of the whole host (auditing, cgroups, sysctl): one at a time, after
 * all others.
 */
const hostWide = ["test/**/*.host.test.ts"];

/**
 * What takes long, by the beginning of its name: first, so that at the end no processor waits for
 * the other. Files with races are far from each other: side by side their threads would keep each
 * other's mediators from the processors, and both take several times as long.
 */
const longest = [
  "test/host/units/units",
  "test/attacks/supervised/root",
  "test/kernel-suites/",
  "test/attacks/root",
  "test/transparency/enforcing",
  "test/mediate/death",
  "test/attacks/user",
  "test/transparency/",
  "test/attacks/supervised/user",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = longest.findIndex((name) =>
        moduleId.startsWith(`${import.meta.dirname}/${name}`),
      );
      return found < 0 ? longest.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

/** A test waits for conditions; one that waits longer hangs, also on a busy machine. Milliseconds. */
const TEST_TIMEOUT_MS = 120_000;
/** Until a condition holds that a test polls; a second would suit a quiet machine alone. */
const POLL_MS = 60_000;

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    expect: { poll: { timeout: POLL_MS } },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "parallel",
          include: ["test/**/*.test.ts"],
          exclude: hostWide,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "host",
          include: hostWide,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
