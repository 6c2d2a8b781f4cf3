import type { Level, Mediation, Policy } from "../model/policy.ts";

/**
 * What one host will do for one domain: the launcher executes it without knowing any policy. Same
 * policy and same host facts give the same bytes (`encode.ts`); the binary form is described by
 * `layout.ts`, from which `native/plan-layout.h` and `docs/plan-format.md` are generated.
 */
export interface Plan {
  readonly domain: string;
  /**
   * The domain's number on this host; null where nobody gave it one: without root, or before the
   * agent first ran.
   */
  readonly number: number | null;
  /**
   * At the start. `disabled` plans carry no layers: the launcher only executes. `warning` never
   * reaches a sealed plan.
   */
  readonly level: Level;
  /**
   * `sealed`: the kernel decides. `supervised`: every mediated call is notified, so that level and
   * policy may change while the daemon runs.
   */
  readonly mode: Mediation;
  /**
   * The front stays the daemon's ancestor: passes signals and the exit status, and ends when the
   * holder has.
   */
  readonly attended: boolean;
  /** What must still hold when the plan is used ({@link FactRole}); else it is compiled anew. */
  readonly facts: readonly Fact[];
  /** What the host had, where it may come to have more; else it is stale, too. */
  readonly host: {
    /** 0 where Landlock was missing or switched off. */
    readonly landlockAbi: number;
    /** Of Yama; 0 where there was none. */
    readonly ptraceScope: number;
    readonly withoutCgroup2: boolean;
    /** Something else was missing, and nobody can tell whether it still is. */
    readonly forOneStart: boolean;
  };
  readonly identity: Identity;
  readonly landlock: LandlockPlan | null;
  readonly seccomp: SeccompPlan | null;
  readonly cgroup: CgroupPlan | null;
  /** The caller's limit of core files stays; else a crash leaves nothing and starts nothing. */
  readonly coreDumps: boolean;
  readonly inherit: {
    readonly stdio: boolean;
    readonly stdioSockets: boolean;
    readonly listen: boolean;
  };
  /** Binary automaton over names (`src/model/automaton`), for the mediator. */
  readonly automaton: Uint8Array;
  /** For the mediator and for people: the launcher skips it. */
  readonly mediation: MediationPlan;
}

/**
 * What lstat said of a name; content is never compared: ctime cannot be set back without
 * CAP_SYS_TIME.
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
 * `authority`: the plan follows from it, so it must hold whenever the plan is used: policy files
 * and names that would come before them, the level given, accounts, the compiler, symbolic links
 * that were followed. `snapshot`: which names there were. A ready plan is used only while these
 * hold too. The plan that was compiled for the very start is used whatever became of them since: a
 * sealed domain decides on the snapshot of its start.
 */
export type FactRole = "authority" | "snapshot";

export type Fact =
  | (NameFact & { readonly role: FactRole })
  /** Of the snapshot: the name is of this type (S_IFMT of st_mode), whatever its inode. */
  | { readonly kind: "object"; readonly path: string; readonly type: number }
  /**
   * Which kernel, caller and words of the command line it was made for, as the front composes them;
   * a plan without one is started by nobody.
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
  /** LANDLOCK_ACCESS_FS_*, LANDLOCK_ACCESS_NET_*, LANDLOCK_SCOPE_* handled by the one layer. */
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
   * In place of `filter`, and of the cgroup's programs, where the daemon is started with sockets
   * that these programs do not hold, since they were made elsewhere: it asks about them. Left out
   * where no program holds sockets.
   */
  readonly asking?: Uint8Array;
  /** Landlock holds where TCP sockets connect to, wherever they were made. */
  readonly tcpHeld?: boolean;
  /**
   * SECCOMP_FILTER_FLAG_* beside NEW_LISTENER; 0 with `listener` false where the host has no
   * notification.
   */
  readonly flags: number;
  readonly listener: boolean;
}

export interface CgroupPlan {
  /**
   * Absolute directory that carries this domain's programs; made by the compiler as root, outlives
   * instances.
   */
  readonly anchor: string;
  /**
   * Every attach type must be there with a program of this tag, or the start fails. None: the
   * cgroup only tells whose process it is.
   */
  readonly programs: readonly { readonly attachType: number; readonly tag: Uint8Array }[];
}

/** Serialised as canonical JSON (sorted keys) in the plan's last section. */
export interface MediationPlan {
  /** The policy after canonicalisation, for `decide()` in the mediator and for event texts. */
  readonly policy: Policy;
  /** Absolute folder of the event log. */
  readonly events: string;
  /**
   * Level and policy follow the host's table of domains (`domains/live-table.ts`); false: they stay
   * as they are in the plan.
   */
  readonly live: boolean;
  /**
   * How connect, bind and addressed sends of each family are held: decides what a notification
   * means.
   */
  readonly sockets: {
    readonly inet: "kernel" | "broker" | "refused";
    readonly unix: "kernel" | "broker" | "refused";
  };
  /**
   * Of a supervised domain where cgroup programs can hold all that the policy grants, and there
   * alone: names of the policy that lead through symbolic links.
   */
  readonly aliases?: readonly {
    readonly written: string;
    readonly canonical: string;
    readonly links: readonly string[];
  }[];
  /** Directories (canonical) in which Landlock itself grants create and delete: CONTINUE there. */
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
  /** Grants this engine cannot give, and what happens instead. */
  readonly lost: readonly { readonly rule: string; readonly why: string }[];
  /** Names as written and as they resolved through symbolic links. */
  readonly resolved: readonly { readonly written: string; readonly canonical: string }[];
  /** Inodes that single-name rules stand on, for drift. */
  readonly pinned: readonly { readonly path: string; readonly inode: string }[];
}
