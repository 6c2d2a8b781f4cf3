import { type FeatureName, kernelFeatures } from "./features.ts";

export { type FeatureName, featureNames } from "./features.ts";

/**
 * What one host can do for one caller, found by trying. The compiler learns about the kernel only
 * from here.
 */
export interface HostFacts {
  readonly kernel: { readonly release: string; readonly version: string; readonly machine: string };
  /**
   * `landlock_create_ruleset(LANDLOCK_CREATE_RULESET_VERSION)`; 0 where Landlock is missing or
   * disabled.
   */
  readonly landlockAbi: number;
  readonly features: Readonly<Record<FeatureName, Probe>>;
  readonly caller: {
    readonly uid: number;
    readonly gid: number;
    /** Effective capabilities, 64-bit mask. */
    readonly capabilities: bigint;
  };
  /** Mount point of the cgroup v2 hierarchy, from mountinfo; null where there is none. */
  readonly cgroup2: string | null;
  /**
   * `/proc/sys/kernel/yama/ptrace_scope`, which decides who may trace whom (Yama's admin guide); 0
   * without Yama. 1: only ancestors, without CAP_SYS_PTRACE.
   */
  readonly ptraceScope: number;
  /**
   * `kernel.core_pattern`, which says what the kernel does at a crash; empty where it cannot be
   * read.
   */
  readonly corePattern: string;
}

/** Whatever protects treats `unknown` like `no`; it is displayed as `unknown`. */
export type Probe =
  | { readonly state: "yes" }
  /** `byKernel`: the kernel lacks the feature, whatever the host's configuration. */
  | { readonly state: "no"; readonly why: string; readonly byKernel?: true }
  | { readonly state: "unknown"; readonly why: string };

/**
 * Why a feature is missing, in words. For a kernel that is too old, with the release that has it.
 */
export function whyMissing(feature: FeatureName, probe: Exclude<Probe, { state: "yes" }>): string {
  const isOld = probe.state === "no" && probe.byKernel === true;
  return isOld ? `${probe.why}; Linux has it since ${kernelFeatures[feature].since}` : probe.why;
}
