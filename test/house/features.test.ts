import { expect, test } from "vitest";
import type { FeatureName } from "../../src/kernel/host-facts.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";

/**
 * The kernel from which a feature is there for a caller who may use it, and whether that takes
 * root. A probe that says no on such a kernel would turn tests into skips; it is a failure instead.
 * What a host may well lack is not in the table: BPF LSM programs, cgroup v2, auditing.
 */
const since: Partial<
  Record<FeatureName, { readonly kernel: readonly [number, number]; readonly root: boolean }>
> = {
  "landlock-files": { kernel: [5, 13], root: false },
  "landlock-tcp": { kernel: [6, 7], root: false },
  "landlock-ioctl": { kernel: [6, 10], root: false },
  "landlock-scope": { kernel: [6, 12], root: false },
  "landlock-log": { kernel: [6, 15], root: false },
  "restrict-without-nnp": { kernel: [5, 13], root: true },
  "seccomp-notify": { kernel: [5, 5], root: false },
  "seccomp-addfd": { kernel: [5, 14], root: false },
  "seccomp-wait-killable": { kernel: [5, 19], root: false },
  "seccomp-sync-wakeup": { kernel: [6, 6], root: false },
  "memfd-noexec": { kernel: [6, 3], root: false },
  openat2: { kernel: [5, 6], root: false },
  "private-ipc": { kernel: [5, 13], root: true },
};

test("a feature that this kernel has is not skipped", () => {
  const facts = probeHost();
  const [major = 0, minor = 0] = facts.kernel.release
    .split(".")
    .map((part) => Number.parseInt(part, 10));
  const expected = Object.entries(since).filter(
    ([, { kernel, root }]) =>
      (major > kernel[0] || (major === kernel[0] && minor >= kernel[1])) &&
      (!root || facts.caller.uid === 0),
  );
  const denied = expected
    .map(([name]) => [name, facts.features[name as FeatureName]] as const)
    .filter(([, probe]) => probe.state !== "yes");
  expect(expected.length).toBeGreaterThan(0);
  expect(denied).toEqual([]);
});
