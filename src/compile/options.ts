import type { Control } from "../kernel/bpf/control.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import type { Level, Policy } from "../model/policy.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { CgroupPlan, NameFact } from "../plan/plan.ts";
import type { Accounts } from "./accounts.ts";
import type { NameAlias } from "./cgroup/aliases.ts";
import type { Judged } from "./cgroup/programs.ts";
import type { Moment } from "./one-moment.ts";

export type PrepareCgroup = (
  policy: Policy,
  automaton: Uint8Array,
  target: {
    readonly domain: string;
    readonly cgroup2: string;
    /** null: nothing; the cgroup only identifies processes. */
    readonly judged: Judged | null;
    readonly control: Control;
    readonly aliases: readonly NameAlias[];
  },
) => Promise<CgroupPlan>;

export interface CompileOptions {
  readonly facts: HostFacts;
  /** One moment of the host, with the lstat behind each answer. Tests give their own. */
  readonly snapshot: Snapshot & Partial<Pick<Moment, "factOf">>;
  /** The snapshot shows another root than this process's. */
  readonly otherRoot?: boolean;
  /** The domain's own file first. */
  readonly files: readonly string[];
  /** As of reading `files`; looked at now by default. */
  readonly identities?: ReadonlyMap<
    string,
    Omit<Extract<NameFact, { kind: "node" }>, "kind" | "path">
  >;
  /** Names that would have taken precedence over those files. */
  readonly absent: readonly string[];
  /** Cofferdam's own places, denied to every domain: absolute names, each with everything below. */
  readonly own: readonly string[];
  /**
   * Names besides the policy files that the domain may read but not change, each with everything
   * below: control groups.
   */
  readonly kept?: readonly string[];
  /** Program files on which the plan depends besides the policy: the compiler's own bundle. */
  readonly program?: readonly string[];
  /** Supplementary groups that the start has besides those of /etc/group: a unit's. */
  readonly groups?: readonly string[];
  /** Called only if the policy or `groups` names an account. */
  readonly accounts?: () => Accounts;
  /** Left out if no cgroup may be touched; other layers then check sockets. */
  readonly prepareCgroup?: PrepareCgroup;
  readonly number?: number | null;
  /** Of the policy that the domain's name stands for (`Plan.policyTag`). */
  readonly policyTag?: string | null;
  readonly events?: string;
  /**
   * The host has a table of domains that the daemon may follow, as root's has. Ignored without a
   * number or with a fixed level.
   */
  readonly live?: boolean;
  /** The bpf-lsm engine holds the domain, which has a number. */
  readonly inKernel?: boolean;
  /** Identifies the table (`host/live-sockets.ts`). */
  readonly table?: number;
  readonly level?: Level;
  /** `level` was given for this one run. It does not change, and the caller waits for the run. */
  readonly fixed?: boolean;
  /**
   * The file with this domain's level, if that is not in the policy. The plan depends on it,
   * whether it exists or not.
   */
  readonly levelFile?: string;
  /**
   * When the first exception in the policy ends, or its level, milliseconds since boot; null:
   * never.
   */
  readonly until?: number | null;
  /** lstat of the moment; tests give their own. */
  readonly factAt?: (path: string) => NameFact;
}

/** With the host's facts of names, as they were read for this plan. */
export type PlanOptions = CompileOptions & { readonly factAt: (path: string) => NameFact };
