import { readFileSync } from "node:fs";
import { readCorePattern } from "../core-pattern.ts";
import type { FeatureName, HostFacts, Probe } from "../host-facts.ts";
import { attempt, unknown } from "./answer.ts";
import { probeAuditRead } from "./audit.ts";
import { probeBpfLsm } from "./bpf-lsm.ts";
import { findCgroup2, readCaller, readKernel, readPtraceScope } from "./caller.ts";
import { probeCgroup } from "./cgroup.ts";
import { probeMdwe, probeMemfdNoexec, probeOpenat2 } from "./files.ts";
import { beginLandlock, landlockAbi } from "./landlock.ts";
import { beginPrivileges } from "./privileges.ts";
import { beginSeccomp } from "./seccomp.ts";

/**
 * Probes everything that a plan depends on. Three short-lived children restrict themselves at the
 * same time, in some milliseconds. The rest happens in this process, which is not changed.
 * Nothing is left behind.
 */
export function probeHost(): HostFacts {
  return beginProbe()();
}

/**
 * Starts the children, so that the caller can work meanwhile. The returned function waits for them
 * and does the rest; it must be called.
 */
export function beginProbe(): () => HostFacts {
  const abi = landlockAbi();
  const cgroup2 = findCgroup2(readFileSync("/proc/self/mountinfo", "utf8"));
  const landlock = begin(landlockFeatures, () => beginLandlock(abi));
  const seccomp = begin(seccompFeatures, beginSeccomp);
  const privileges = begin(privilegeFeatures, beginPrivileges);
  return () => {
    // The children must end before a program is loaded here, because the verifier gives up when a
    // signal is pending.
    const children = { ...landlock(), ...seccomp(), ...privileges() };
    return {
      kernel: readKernel(),
      landlockAbi: abi,
      caller: readCaller(),
      cgroup2,
      ptraceScope: readPtraceScope(),
      corePattern: readCorePattern(),
      features: {
        ...children,
        ...attemptAll(cgroupFeatures, () => probeCgroup(cgroup2)),
        "memfd-noexec": attempt(probeMemfdNoexec),
        mdwe: attempt(probeMdwe),
        openat2: attempt(probeOpenat2),
        "audit-read": attempt(probeAuditRead),
        "bpf-lsm": attempt(probeBpfLsm),
      },
    };
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
const seccompFeatures = [
  "seccomp-notify",
  "seccomp-addfd",
  "seccomp-wait-killable",
  "seccomp-sync-wakeup",
] as const;
const privilegeFeatures = ["target-access", "private-ipc", "restrict-without-nnp"] as const;
const cgroupFeatures = ["cgroup-inet", "cgroup-unix"] as const;

function begin<F extends FeatureName>(
  features: readonly F[],
  start: () => () => Record<F, Probe>,
): () => Record<F, Probe> {
  let finish: (() => Record<F, Probe>) | undefined;
  const failed = attemptAll(features, () => {
    finish = start();
    return {} as Record<F, Probe>;
  });
  return () => (finish === undefined ? failed : attemptAll(features, finish));
}

/** Several features share one child. If it cannot be run, all of them are unknown. */
function attemptAll<F extends FeatureName>(
  features: readonly F[],
  probe: () => Record<F, Probe>,
): Record<F, Probe> {
  try {
    return probe();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return Object.fromEntries(features.map((feature) => [feature, unknown(why)])) as Record<
      F,
      Probe
    >;
  }
}
