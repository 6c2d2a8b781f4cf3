import type { Engine } from "../model/engines/engine.ts";
import type { Level, Mode, Policy } from "../model/policy.ts";

/**
 * What one host will do for one domain. The launcher executes it without knowing any policy. The
 * same policy and host facts give the same bytes (`encode.ts`). `layout.ts` describes the binary
 * form; `native/plan-layout.h` and `docs/plan-format.md` are generated from it.
 */
export interface Plan {
  readonly domain: string;
  /** null if the domain has none: not as root, or before the agent first ran. */
  readonly number: number | null;
  /**
   * Digest of what the policy meant (`domains/identity.ts`), 16 hexadecimal digits, so that a run
   * of an earlier policy is recognised. null: not the policy that the domain's name stands for.
   */
  readonly policyTag: string | null;
  /**
   * The level at the start. `disabled` plans have no layers: the launcher only executes. A sealed
   * plan is never at `warning`.
   */
  readonly level: Level;
  /**
   * `sealed`: the kernel decides. `supervised`: every mediated call is notified, so that level and
   * policy may change while the daemon runs.
   */
  readonly mode: Mode;
  /**
   * `bpf-lsm`: the launcher has the agent lead its execve into the domain that the kernel holds, at
   * every level, and adds only what cannot be held there: a filter, at level enforcing. Without
   * holder, record and control group; `mode` is `sealed`.
   */
  readonly engine: Engine;
  /**
   * The front stays the daemon's ancestor. It passes on signals and the exit status, and ends after
   * the holder.
   */
  readonly attended: boolean;
  /** What must hold when the plan is used ({@link FactRole}); otherwise it is compiled anew. */
  readonly facts: readonly Fact[];
  /** What the host lacked and may get later, which makes the plan stale, too. */
  readonly host: {
    /** 0 if Landlock was missing or disabled. */
    readonly landlockAbi: number;
    /** Yama's setting; 0 without Yama. */
    readonly ptraceScope: number;
    readonly withoutCgroup2: boolean;
    /** Something else was missing, and the front cannot tell whether it still is. */
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
  /**
   * The kernel keeps memory that was mapped as writable from becoming executable, and the reverse
   * (PR_SET_MDWE). It cannot be taken back.
   */
  readonly noNewCode: boolean;
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

/** As plans and records of runs spell that there is no digest. */
export const NO_POLICY_TAG = "0".repeat(16);

export function policyTagOf(text: string): string | null {
  return text === NO_POLICY_TAG ? null : text;
}

/**
 * As returned by lstat. Content is never compared, because ctime cannot be set back without
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
 * `authority`: the plan follows from the name, so the fact must hold whenever the plan is used.
 * These are policy files and names that would take precedence over them, the given level, accounts,
 * the compiler, and symbolic links that were followed. `snapshot`: the names that existed. A ready
 * plan is used only while these hold, too. A plan compiled for this start is used even if they have
 * changed since, because a sealed domain decides on the snapshot of its start.
 */
export type FactRole = "authority" | "snapshot";

export type Fact =
  | (NameFact & { readonly role: FactRole })
  /**
   * The host has not been up for so many milliseconds (CLOCK_BOOTTIME): an exception in the plan,
   * or its level, ends then. It must hold whenever the plan is used.
   */
  | { readonly kind: "until"; readonly until: number }
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
   * The filter for starts with inherited sockets that were made elsewhere, so that the cgroup's
   * programs do not judge them. It replaces `filter` and the programs: the use of sockets is
   * notified. Missing if no program judges sockets.
   */
  readonly asking?: Uint8Array;
  /** Landlock checks the destinations of TCP sockets, wherever they were made. */
  readonly tcpHeld?: boolean;
  /**
   * SECCOMP_FILTER_FLAG_* besides NEW_LISTENER; 0 with `listener` false if the host has no
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
  readonly policy: Policy;
  /** Absolute folder of the event log. */
  readonly events: string;
  /**
   * Whether level and policy follow the host's table of domains (`domains/live-table.ts`) or stay
   * as in the plan.
   */
  readonly live: boolean;
  /** Decides what a notification of connect, bind or an addressed send means. */
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
  /** Landlock itself grants create and delete in these canonical directories: CONTINUE there. */
  readonly kernelCreates: readonly string[];
  /**
   * Only where late names are brokered: the inodes (`DEV:INO`) of the Landlock layer's paths when
   * the plan was made. They tell the mediator which opens the layer grants by itself. Where one is
   * wrong, an open is refused or brokered without need; nothing more is granted.
   */
  readonly inodes?: readonly { readonly path: string; readonly inode: string }[];
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
  readonly expanded: readonly { readonly rule: string; readonly into: readonly string[] }[];
  readonly lost: readonly { readonly rule: string; readonly why: string }[];
  readonly resolved: readonly { readonly written: string; readonly canonical: string }[];
  /**
   * Inodes on which single-name rules are placed, to detect drift: another file under such a name
   * is out of reach.
   */
  readonly pinned: readonly { readonly path: string; readonly inode: string }[];
}
