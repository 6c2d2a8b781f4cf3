import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../model/snapshot.ts";

/**
 * What a policy is checked against. What is null or left out is not known, and nothing is said
 * about it.
 */
export interface CheckContext {
  /** The domain's own file, for what is said of the domain as a whole. */
  readonly file?: string;
  readonly snapshot?: Snapshot | null;
  /** `HostFacts` fits. */
  readonly facts?: CheckFacts | null;
  /** Other policies of the host, for what one domain can do to another. */
  readonly others?: readonly Policy[];
  /** Patterns of what belongs to Cofferdam; the same that the compiler denies. */
  readonly ownObjects?: readonly string[];
  /**
   * Absolute names that may be read, not changed, with everything below: the policy's own files,
   * control groups.
   */
  readonly kept?: readonly string[];
  /** System calls that a sealed domain never gets: the group `@never`. */
  readonly neverGranted?: readonly string[];
  readonly accounts?: Accounts | null;
  /**
   * Something in the policy's text is wrong and was left out: nothing is said about what it lacks.
   */
  readonly incomplete?: boolean;
}

export interface CheckFacts {
  readonly caller: { readonly uid: number };
  /** What the host does at a crash, and whether a limit of core files keeps it from that. */
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
