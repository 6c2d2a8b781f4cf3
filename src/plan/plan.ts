import type { Level, Mediation, Policy } from "../model/policy.ts";

/**
 * What one host will do for one domain. The launcher executes it without knowing any policy. The
 * same policy and host facts give the same bytes (`encode.ts`). `layout.ts` describes the binary
 * form; `native/plan-layout.h` and `docs/plan-format.md` are generated from it.
 */
export interface Plan {
  readonly domain: string;
  /**
   * The domain's number on this host; null without one: not as root, or before the agent first ran.
   */
  readonly number: number | null;
  /**
   * The level at the start. `disabled` plans have no layers: the launcher only executes. A sealed
   * plan is never at `warning`.
   */
  readonly level: Level;
  /**
   * `sealed`: the kernel decides. `supervised`: every mediated call is notified, so that level and
   * policy may change while the daemon runs.
   */
  readonly mode: Mediation;
  /**
   * The front stays the daemon's ancestor. It passes on signals and the exit status, and ends after
   * the holder.
   */
  readonly attended: boolean;
  /** What must hold when the plan is used ({@link FactRole}); otherwise it is compiled anew. */
  readonly facts: readonly Fact[];
  /** What the host lacked and may come to have; the plan is then stale, too. */
  readonly host: {
    /** 0 where Landlock was missing or disabled. */
    readonly landlockAbi: number;
    /** Yama's setting; 0 without Yama. */
    readonly ptraceScope: number;
    readonly withoutCgroup2: boolean;
    /** Something else was missing, and whether it still is cannot be told. */
    readonly forOneStart: boolean;
  };
  readonly identity: Identity;
  readonly landlock: LandlockPlan | null;
  readonly seccomp: SeccompPlan | null;
  readonly cgroup: CgroupPlan | null;
  /**
   * The caller's limit of core files stays. Otherwise a crash leaves nothing and starts nothing.
   */
  readonly coreDumps: boolean;
  readonly inherit: {
    readonly stdio: boolean;
    readonly stdioSockets: boolean;
    readonly listen: boolean;
  };
  /** Binary automaton over names (`src/model/automaton`), for the mediator. */
  readonly automaton: Uint8Array;
  /** For the mediator and for people; the launcher ignores it. */
  readonly mediation: MediationPlan;
}

/**
 * What lstat returned for a name. Content is never compared, because ctime cannot be set back
 * without CAP_SYS_TIME.
 */
export type NameFact =
  | {
      readonly kind: "node";
      readonly path: string;
      readonly mode: number;
      readonly dev: bigint;
      readonly ino: bigint;
      readonly size: bigint;
      readonly ctimeNs: bigint;
    }
  | { readonly kind: "absent"; readonly path: string };

/**
 * `authority`: the plan follows from it, so it must hold whenever the plan is used. These are
 * policy files and names that would take precedence over them, the given level, accounts, the
 * compiler, and symbolic links that were followed. `snapshot`: the names that existed. A ready plan
 * is used only while these hold, too. A plan compiled for this start is used whatever they have
 * become since, because a sealed domain decides on the snapshot of its start.
 */
export type FactRole = "authority" | "snapshot";

export type Fact =
  | (NameFact & { readonly role: FactRole })
  /** Of the snapshot: the name has this type (S_IFMT of st_mode), whatever its inode. */
  | { readonly kind: "object"; readonly path: string; readonly type: number }
  /**
   * The kernel, caller and words of the command line that the plan was made for, as composed by the
   * front. A plan without this fact is never started.
   */
  | { readonly kind: "start"; readonly text: string };

export interface Identity {
  /** null keeps the caller's. */
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly groups: readonly number[];
  } | null;
  readonly noNewPrivileges: boolean;
  /**
   * Capability bounding set to keep, 64-bit mask. Applied only where the caller has CAP_SETPCAP.
   */
  readonly bounding: bigint;
  /** Ambient capabilities for a daemon started as another user than root. */
  readonly ambient: bigint;
  readonly privateIpc: boolean;
}

export interface LandlockPlan {
  /**
   * The LANDLOCK_ACCESS_FS_*, LANDLOCK_ACCESS_NET_* and LANDLOCK_SCOPE_* that the one layer
   * handles.
   */
  readonly handledFs: bigint;
  readonly handledNet: bigint;
  readonly scoped: bigint;
  /** Flags of landlock_restrict_self. */
  readonly restrictFlags: number;
  /** Canonical paths, opened by the launcher with RESOLVE_NO_SYMLINKS; sorted, unique. */
  readonly paths: readonly {
    readonly path: string;
    readonly directory: boolean;
    readonly rights: bigint;
  }[];
  readonly ports: readonly { readonly port: number; readonly rights: bigint }[];
}

export interface SeccompPlan {
  /** struct sock_filter[], 8 bytes each. */
  readonly filter: Uint8Array;
  /**
   * The filter for starts with inherited sockets that the cgroup's programs do not judge, because
   * they were made elsewhere. It replaces `filter` and the programs, and notifies their use.
   * Missing where no program judges sockets.
   */
  readonly asking?: Uint8Array;
  /** Landlock checks the destinations of TCP sockets, wherever they were made. */
  readonly tcpHeld?: boolean;
  /**
   * SECCOMP_FILTER_FLAG_* besides NEW_LISTENER; 0 with `listener` false where the host has no
   * notification.
   */
  readonly flags: number;
  readonly listener: boolean;
}

export interface CgroupPlan {
  /**
   * Absolute directory with this domain's programs; made by the compiler as root, outlives runs.
   */
  readonly anchor: string;
  /**
   * Each attach type must have a program with this tag, or the start fails. Without any, the cgroup
   * only identifies the domain's processes.
   */
  readonly programs: readonly { readonly attachType: number; readonly tag: Uint8Array }[];
}

/** Stored as canonical JSON (sorted keys) in the plan's last section. */
export interface MediationPlan {
  /** The policy after canonicalisation, for `decide()` in the mediator and for events. */
  readonly policy: Policy;
  /** Absolute folder of the event log. */
  readonly events: string;
  /**
   * Whether level and policy follow the host's table of domains (`domains/live-table.ts`) or stay
   * as in the plan.
   */
  readonly live: boolean;
  /**
   * How connect, bind and addressed sends of each family are checked; decides what a notification
   * means.
   */
  readonly sockets: {
    readonly inet: "kernel" | "broker" | "refused";
    readonly unix: "kernel" | "broker" | "refused";
  };
  /**
   * Only for a supervised domain whose grants cgroup programs can check: the policy's names that
   * lead through symbolic links.
   */
  readonly aliases?: readonly {
    readonly written: string;
    readonly canonical: string;
    readonly links: readonly string[];
  }[];
  /** Canonical directories in which Landlock itself grants create and delete: CONTINUE there. */
  readonly kernelCreates: readonly string[];
  /** What `cofferdam plan` prints. */
  readonly report: PlanReport;
}

export interface PlanReport {
  readonly layers: readonly {
    readonly name: string;
    readonly state: "enforced" | "partial" | "lost";
    readonly detail: string;
  }[];
  readonly brokered: readonly {
    readonly call: string;
    readonly why: string;
    readonly price: string;
  }[];
  /** Grants that became single inodes or were split around a deny. */
  readonly expanded: readonly { readonly rule: string; readonly into: readonly string[] }[];
  /** Grants that this engine cannot give, and what happens instead. */
  readonly lost: readonly { readonly rule: string; readonly why: string }[];
  /** Names as written and as resolved through symbolic links. */
  readonly resolved: readonly { readonly written: string; readonly canonical: string }[];
  /** Inodes on which single-name rules are placed, to detect drift. */
  readonly pinned: readonly { readonly path: string; readonly inode: string }[];
}
