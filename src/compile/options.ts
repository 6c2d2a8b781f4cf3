import type { Control } from "../kernel/bpf/control.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import type { Level, Policy } from "../model/policy.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { CgroupPlan, NameFact } from "../plan/plan.ts";
import type { Accounts } from "./accounts.ts";
import type { NameAlias } from "./cgroup/aliases.ts";
import type { Judged } from "./cgroup/programs.ts";
import type { Moment } from "./one-moment.ts";

/**
 * Loads a domain's cgroup programs and makes the directory that carries them: `cgroup/prepare.ts`.
 */
export type PrepareCgroup = (
  policy: Policy,
  automaton: Uint8Array,
  target: {
    readonly domain: string;
    readonly cgroup2: string;
    /** null: nothing, it only tells whose process is in it. */
    readonly judged: Judged | null;
    readonly control: Control;
    readonly aliases: readonly NameAlias[];
  },
) => Promise<CgroupPlan>;

export interface CompileOptions {
  readonly facts: HostFacts;
  /**
   * One moment of the host, which also knows by which lstat it knew a name; tests give what they
   * like.
   */
  readonly snapshot: Snapshot & Partial<Pick<Moment, "factOf">>;
  /** Every policy file that was read, the domain's own first. */
  readonly files: readonly string[];
  /** What `files` were when they were read; looked at now where it is left out. */
  readonly identities?: ReadonlyMap<
    string,
    Omit<Extract<NameFact, { kind: "node" }>, "kind" | "path">
  >;
  /** Names that would have taken precedence over those files. */
  readonly absent: readonly string[];
  /** Cofferdam's own places, denied to every domain: absolute names, each with everything below. */
  readonly own: readonly string[];
  /**
   * Names beside the policy files that the domain may read, not change, each with everything below:
   * control groups.
   */
  readonly kept?: readonly string[];
  /** Program files on which the plan depends beside the policy: the compiler's own bundle. */
  readonly program?: readonly string[];
  /** Asked only where the policy names a user or a group; `accounts.ts` reads the host's. */
  readonly accounts?: () => Accounts;
  /** Left out where no cgroup may be touched; then sockets are held without. */
  readonly prepareCgroup?: PrepareCgroup;
  /** The domain's number on this host. */
  readonly number?: number | null;
  /** Absolute folder of the event log. */
  readonly events?: string;
  /**
   * The host has a table of domains that the daemon may follow: root's has. Ignored without a
   * number, or with a fixed level.
   */
  readonly live?: boolean;
  /** Which table that is (`host/live-sockets.ts`). */
  readonly table?: number;
  /** In place of the policy's own level. */
  readonly level?: Level;
  /** `level` was given for this one run: it stays, and whoever started it waits for it. */
  readonly fixed?: boolean;
  /**
   * Where the level of this domain is written down, if it is not the policy's: there or not, the
   * plan depends on it.
   */
  readonly levelFile?: string;
  /** lstat of the moment; tests give their own. */
  readonly factAt?: (path: string) => NameFact;
}
