import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Test files that turn switches of the whole host (auditing, sysctl), read the kernel's audit
 * records, measure a time or compare the whole host before and after: one at a time, after all
 * others.
 */
const hostWide = ["test/**/*.host.test.ts"];

/**
 * On whole Debian servers in virtual machines, for minutes: `npm run test:debian` alone.
 */
const debian = ["test/vm/debian/*.test.ts"];

/** Files that run another day (scripts/test.mjs). */
const leftOut = process.env.COFFERDAM_LEFT_OUT?.match(/\S+/g) ?? [];

/**
 * Suites whose files leave nothing behind in their process: they share processes, which load the
 * sources once instead of once a file.
 */
const sharing = [
  "base",
  "bench",
  "cgroup",
  "compile",
  "diagnostics",
  "domains",
  "esxi",
  "house",
  "kernel",
  "late-names",
  "lsm",
  "model",
  "native",
  "plan",
  "policy",
  "sessions",
  "suggest",
].map((suite) => `test/${suite}/**/*.test.ts`);

/**
 * Three more than CI has processors: a test that waits, for a service manager that boots or for a
 * process that sleeps, leaves its processor to another one. With two more, processors were idle for
 * a quarter of the time.
 */
const WORKERS = 5;

/**
 * What takes long, by the beginning of its name: first, so that at the end no processor waits for
 * the other. Files that mostly wait come beside files that compute. Files with races are far from
 * each other: side by side their threads would keep each other's mediators from the processors, and
 * both take several times as long.
 */
const longest = [
  "test/vm/stock-kernel",
  "test/life/",
  "test/library/tenth",
  "test/properties/asking-gains-nothing",
  "test/transparency/enforcing",
  "test/host/units/units",
  "test/transparency/",
  "test/attacks/supervised/root",
  "test/package/",
  "test/kernel-suites/",
  "test/properties/starts-again/",
  "test/system/live",
  "test/machines/power",
  "test/attacks/root",
  // Not beside the other machine: an emulator computes all the time.
  "test/vm/",
  "test/differential/reality",
  "test/mediate/death",
  "test/system/mediator-death",
  "test/attacks/",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification) => {
      // At the end, one after another, so that they share processes.
      if (!project.config.isolate) return longest.length + 1;
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
    maxWorkers: WORKERS,
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    globalSetup: ["test/support/state-folders.ts"],
    setupFiles: ["test/support/scratch-setup.ts", "test/support/cpu-time.ts"],
    expect: { poll: { timeout: POLL_MS } },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "parallel",
          include: ["test/**/*.test.ts"],
          exclude: [...hostWide, ...debian, ...sharing, ...leftOut],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "sharing",
          include: sharing,
          exclude: hostWide,
          isolate: false,
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
      {
        extends: true,
        test: {
          name: "debian",
          include: debian,
          // Each machine takes two processors of the host.
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
