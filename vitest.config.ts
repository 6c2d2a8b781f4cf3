import { defineConfig } from "vitest/config";

/** Test files that turn switches of the whole host (auditing, cgroups, sysctl): one at a time, after all others. */
const hostWide = ["test/**/*.host.test.ts"];

/** A test that starts a daemon may wait for it this long, in milliseconds. */
const TEST_TIMEOUT_MS = 30_000;

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
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
