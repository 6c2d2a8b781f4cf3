import { type FeatureName, kernelFeatures } from "./features.ts";

export { type FeatureName, featureNames } from "./features.ts";

/**
 * What one host can do for one caller, found by trying. The compiler learns about the kernel only
 * from here.
 */
export interface HostFacts {
  readonly kernel: { readonly release: string; readonly version: string; readonly machine: string };
  /** 0 if Landlock is missing or disabled (LANDLOCK_CREATE_RULESET_VERSION). */
  readonly landlockAbi: number;
  readonly features: Readonly<Record<FeatureName, Probe>>;
  readonly caller: {
    readonly uid: number;
    readonly gid: number;
    /** Effective capabilities, 64-bit mask. */
    readonly capabilities: bigint;
  };
  /** From mountinfo; null if there is none. */
  readonly cgroup2: string | null;
  /**
   * Decides which processes may trace which (Yama's admin guide); 0 without Yama. 1: only
   * ancestors, without CAP_SYS_PTRACE.
   */
  readonly ptraceScope: number;
  /** `kernel.core_pattern`; empty if it cannot be read. */
  readonly corePattern: string;
}

/** Protective decisions treat `unknown` like `no`; it is displayed as `unknown`. */
export type Probe =
  | { readonly state: "yes" }
  /** `byKernel`: the kernel lacks the feature, whatever the host's configuration. */
  | { readonly state: "no"; readonly why: string; readonly byKernel?: true }
  | { readonly state: "unknown"; readonly why: string };

/** In words; for a kernel that is too old, with the release that has the feature. */
export function whyMissing(feature: FeatureName, probe: Exclude<Probe, { state: "yes" }>): string {
  const isOld = probe.state === "no" && probe.byKernel === true;
  return isOld ? `${probe.why}; Linux has it since ${kernelFeatures[feature].since}` : probe.why;
}
