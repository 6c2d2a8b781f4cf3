import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Engine } from "../../model/engines/engine.ts";
import type { Entry, Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../model/snapshot.ts";

/** What a policy is checked against. Checks that need a missing member are skipped. */
export interface CheckContext {
  /** For diagnostics about the domain as a whole. */
  readonly file?: string;
  readonly snapshot?: Snapshot | null;
  /** `HostFacts` fits. */
  readonly facts?: CheckFacts | null;
  /** Which one does `enter` on this host; landlock if left out. */
  readonly engine?: Engine;
  /** Why the bpf-lsm engine lets nothing enter by this; null if it does. */
  readonly whyKeptOutside?: (entry: Entry) => string | null;
  /**
   * The host's domains, for what one can do to another. To load them takes longer than all checks,
   * so they are asked for only where the policy's answer depends on them.
   */
  readonly others?: () => readonly Policy[];
  /** Patterns of Cofferdam's own objects, as the compiler denies them. */
  readonly ownObjects?: readonly string[];
  /**
   * Absolute names that may be read and not changed, with everything below: the policy's own files,
   * control groups.
   */
  readonly kept?: readonly string[];
  /** Whether the file is a program that the kernel starts with an executable stack. */
  readonly hasExecutableStack?: (path: string) => boolean;
  /** The group `@never`. */
  readonly neverGranted?: readonly string[];
  readonly accounts?: Accounts | null;
  /** A part of the policy's text was wrong and left out, so missing rules are not reported. */
  readonly incomplete?: boolean;
}

export interface CheckFacts {
  readonly caller: { readonly uid: number };
  /** What the host does at a crash, and whether it does so whatever the limit of core files is. */
  readonly crash?: { readonly words: string; readonly whateverTheLimit: boolean };
  readonly features: Readonly<
    Partial<
      Record<
        "cgroup-inet" | "cgroup-unix" | "landlock-tcp" | "landlock-unix",
        { readonly state: "yes" | "no" | "unknown" }
      >
    >
  >;
}

export interface Accounts {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

export type Check = (policy: Policy, context: CheckContext, report: Report) => void;
