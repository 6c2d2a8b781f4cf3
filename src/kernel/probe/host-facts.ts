import { readFileSync } from "node:fs";
import type { FeatureName, HostFacts, Probe } from "../host-facts.ts";
import { attempt, unknown } from "./answer.ts";
import { probeAuditRead } from "./audit.ts";
import { probeBpfLsm } from "./bpf-lsm.ts";
import { findCgroup2, readCaller, readKernel, readPtraceScope } from "./caller.ts";
import { probeCgroup } from "./cgroup.ts";
import { probeMemfdNoexec, probeOpenat2 } from "./files.ts";
import { landlockAbi, probeLandlock } from "./landlock.ts";
import { probePrivileges } from "./privileges.ts";
import { probeSeccomp } from "./seccomp.ts";

/**
 * Tries everything that a plan may rest on. Takes about a quarter of a second: three short-lived children restrict themselves,
 * the rest happens in this process, which is not changed. Leaves nothing behind.
 */
export function probeHost(): HostFacts {
  const abi = landlockAbi();
  const cgroup2 = findCgroup2(readFileSync("/proc/self/mountinfo", "utf8"));
  return {
    kernel: readKernel(),
    landlockAbi: abi,
    caller: readCaller(),
    cgroup2,
    ptraceScope: readPtraceScope(),
    features: {
      ...attemptAll(landlockFeatures, () => probeLandlock(abi)),
      ...attemptAll(seccompFeatures, probeSeccomp),
      ...attemptAll(privilegeFeatures, probePrivileges),
      ...attemptAll(cgroupFeatures, () => probeCgroup(cgroup2)),
      "memfd-noexec": attempt(probeMemfdNoexec),
      openat2: attempt(probeOpenat2),
      "audit-read": attempt(probeAuditRead),
      "bpf-lsm": attempt(probeBpfLsm),
    },
  };
}

const landlockFeatures = [
  "landlock-files",
  "landlock-tcp",
  "landlock-ioctl",
  "landlock-scope",
  "landlock-log",
  "landlock-unix",
] as const;
const seccompFeatures = ["seccomp-notify", "seccomp-addfd", "seccomp-wait-killable", "seccomp-sync-wakeup"] as const;
const privilegeFeatures = ["target-access", "private-ipc", "restrict-without-nnp"] as const;
const cgroupFeatures = ["cgroup-inet", "cgroup-unix"] as const;

/** Several features share one child; when that cannot be run, none of them is known. */
function attemptAll<F extends FeatureName>(features: readonly F[], probe: () => Record<F, Probe>): Record<F, Probe> {
  try {
    return probe();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return Object.fromEntries(features.map((feature) => [feature, unknown(why)])) as Record<F, Probe>;
  }
}
