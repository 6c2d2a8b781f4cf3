import type { CapabilityName } from "../../kinds/capabilities/model.ts";
import type { WordRequest } from "../../kinds/model.ts";
import type { Need, PathArgument, Value } from "./argument.ts";
import type { Sealed, Supervised } from "./columns.ts";
import type { Verdict } from "./verdict.ts";

/** The class of request of a system call. Every call of the architecture is in exactly one. */
export type CallClass = SystemCall["class"];

/**
 * The answer to a notified call that the policy of a supervised domain lists, by level. At
 * `disabled` every call goes on and nothing is logged.
 */
export interface Answers {
  readonly warning: string;
  readonly enforcing: string;
}

export interface Described extends Answers {
  readonly title: string;
  /** The sentence below the title. */
  readonly about: string;
}

/** One row of the table: a call, how its arguments are read, and how each mode treats it. */
export type SystemCall =
  | NameCall
  | AddressCall
  | SocketCall
  | ProcessCall
  | PrivilegeCall
  | StateCall
  | DescriptorCall
  | ExecCall
  | EscapeCall
  | WordCall
  | UnmediatedNameCall
  | PlainCall
  | UntouchableCall;

interface Row {
  readonly name: string;
  /** null: a sealed domain allows the call if the policy lists it. */
  readonly sealed: Sealed | null;
  readonly supervised: Supervised;
  /**
   * What this call invalidates of the mediator's memory of threads. Forgotten before the call is
   * answered.
   */
  readonly voids: readonly Remembered[];
  /** A refusal returns ENOSYS instead of EPERM, because libraries fall back only then. */
  readonly absent?: true;
}

/**
 * `names`: where a path leads. `credentials`: ids, groups, capabilities. `directories`: root and
 * working directory. `umask`. `namespaces`: these also change what names and numbers mean.
 * `confinement`: a Landlock domain or label of its own. `descriptors`: which processes share the
 * descriptor table.
 */
export type Remembered =
  | "names"
  | "credentials"
  | "directories"
  | "umask"
  | "namespaces"
  | "confinement"
  | "descriptors";

export interface NameCall extends Row {
  readonly class: "name";
  readonly paths: readonly PathArgument[];
  /** Flags and mode, as {@link NameCall.needs} takes them; null where the call has none. */
  readonly flags: Value | null;
  readonly mode: Value | null;
  readonly needs: (flags: number, mode: number) => readonly Need[];
  /**
   * Judged as one request about two names, including gain (`model/request.ts`), in addition to
   * `needs`.
   */
  readonly twoNames?: "rename" | "link";
  /** A capability that the policy must also grant, depending on the mode. */
  readonly capability?: (mode: number) => string | null;
}

export interface AddressCall extends Row {
  readonly class: "address";
  /** Register with the socket. */
  readonly descriptor: number;
  /**
   * `sockaddr`: pointer and length in registers. `message`: struct msghdr at the pointer.
   * `messages`: an array of struct mmsghdr with its length. `bound`: none; the socket's own
   * address, or the one that the kernel would choose.
   */
  readonly address:
    | { readonly kind: "sockaddr"; readonly pointer: number; readonly length: number }
    | { readonly kind: "message"; readonly pointer: number }
    | { readonly kind: "messages"; readonly pointer: number; readonly count: number }
    | { readonly kind: "bound" };
  readonly flags: Value | null;
  readonly permission: "connect" | "listen";
}

export interface SocketCall extends Row {
  readonly class: "socket";
  readonly operation: "create" | "pair" | "option";
}

export type TargetKind = "process" | "thread" | "pidfd" | "group-or-process" | "group" | "which";

export interface ProcessCall extends Row {
  readonly class: "process";
  /**
   * The registers that name processes. `group-or-process`: 0 is the caller's group, -1 all
   * processes, other negative numbers a group (kill(2)). `which`: the register `which` says what
   * `register` is (setpriority(2), ioprio_set(2)).
   */
  readonly targets: readonly {
    readonly register: number;
    readonly kind: TargetKind;
    readonly which?: number;
    /** 0 means the caller. */
    readonly zeroIsSelf: boolean;
  }[];
  /**
   * `signal`: judged by `signals`. The others are allowed within the domain only. `control`:
   * scheduling, limits, memory placement. `inspect`: ptrace access, memory, descriptors. `join`:
   * entering their process group.
   */
  readonly operation: "signal" | "control" | "inspect" | "join";
  /** Register with the signal's number. Signal 0 only asks whether the process exists. */
  readonly signal?: number;
  /**
   * Register with the flags of pidfd_send_signal(2), which say how many processes the signal
   * reaches.
   */
  readonly scope?: number;
  /** Capabilities that allow more than an ordinary process may do, even to itself. */
  readonly capabilities?: readonly CapabilityName[];
}

/**
 * Needs a capability. In a domain whose level is live, the call is judged instead of the
 * capability.
 */
export interface PrivilegeCall extends Row {
  readonly class: "privilege";
  /** As spelled in policies. */
  readonly capability: string;
  /**
   * `always`: the kernel refuses the call without the capability. `ids`: only for an id that is not
   * one of the caller's. `some`: depending on memory.
   */
  readonly needed: "always" | "ids" | "some";
  /** Registers with ids, where -1 means unchanged; none for `setgroups`. */
  readonly ids?: readonly number[];
}

/**
 * Changes what the mediator judges by. The mediator must see the call before it is answered,
 * whether it is allowed or not.
 */
export interface StateCall extends Row {
  readonly class: "state";
  /** A path that becomes the working or root directory. That it exists is not secret. */
  readonly path?: PathArgument;
  readonly descriptor?: number;
  readonly capability?: string;
}

/** Acts on an open descriptor in ways that its opening did not decide. */
export interface DescriptorCall extends Row {
  readonly class: "descriptor";
  readonly descriptor: number;
  readonly needs: (request: number) => readonly Need[];
  /** The register with the request or command. */
  readonly request: number | null;
}

export interface ExecCall extends Row {
  readonly class: "exec";
  readonly path: PathArgument | null;
}

/** Refused whatever the policy lists, for the row's reason. */
export interface EscapeCall extends Row {
  readonly class: "namespace-or-escape";
  readonly why: string;
}

/** Asks for a word of the policy (`kinds/kernel.ts`), and for nothing else. */
export interface WordCall extends Row {
  readonly class: WordRequest["class"];
  readonly asks: WordRequest;
  /** For the reference: what the request depends on. */
  readonly lookedAt: string;
  /**
   * What the filter of a supervised domain does if the policy grants the word at the start; null:
   * what its column says.
   */
  readonly ifGranted: Verdict | null;
}

/**
 * Uses of a call that ask for a word, whatever the call's own row says of it. Where the policy
 * lacks the word they are refused; otherwise the row decides.
 */
export interface WordUse {
  /** The call's name. */
  readonly name: string;
  readonly asks: WordRequest;
  /** Which uses, by registers alone: `yes` for these, `no` for the others. */
  readonly verdict: (yes: Verdict, no: Verdict) => Verdict;
  /** For the reference: what such a use does. */
  readonly why: string;
}

/** The calls and uses that ask for words of one kind, which are a class of the reference. */
export interface WordCalls extends Described {
  readonly class: WordRequest["class"];
  readonly calls: readonly WordCall[];
  readonly uses: readonly WordUse[];
}

/** Inspects a name. Existence and metadata are not secret in any mode (SECURITY.md). */
export interface UnmediatedNameCall extends Row {
  readonly class: "unmediated-name";
}

/** Needs no mediation, only the policy's list. */
export interface PlainCall extends Row {
  readonly class: "plain";
  readonly why: string;
}

/** Never notified, listed or not; the reason says what would break. */
export interface UntouchableCall extends Row {
  readonly class: "untouchable";
  readonly why: string;
}
