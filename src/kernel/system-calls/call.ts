import type { CapabilityName } from "../../kinds/capabilities/model.ts";
import type { WordRequest } from "../../kinds/model.ts";
import type { Need, PathArgument, Value } from "./argument.ts";
import type { Sealed, Supervised } from "./columns.ts";
import type { Verdict } from "./verdict.ts";

/** Which class of request a system call is. Every call of the architecture is in exactly one. */
export type CallClass = SystemCall["class"];

/**
 * What is answered to a notified call that the policy of a supervised domain lists, by level; at
 * `disabled` every call goes on, and nothing is logged.
 */
export interface Answers {
  readonly warning: string;
  readonly enforcing: string;
}

/** A class, as `docs/system-calls.md` describes it. */
export interface Described extends Answers {
  readonly title: string;
  /** The sentence below the title. */
  readonly about: string;
}

/** One row of the table: a call, how its arguments are read, and how each way holds it. */
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
  /** null: a sealed domain allows it if the policy lists it. */
  readonly sealed: Sealed | null;
  readonly supervised: Supervised;
  /**
   * What the mediator remembers of threads that this call changes: forgotten before the call is
   * answered.
   */
  readonly voids: readonly Remembered[];
  /** A refusal says ENOSYS and not EPERM: libraries that try the call fall back only then. */
  readonly absent?: true;
}

/**
 * `names`: where a path leads. `credentials`: ids, groups, capabilities. `directories`: root and
 * working directory. `umask`. `namespaces`: and with them what every name and number means.
 * `confinement`: a Landlock domain or label of its own. `descriptors`: who shares the table of
 * descriptors.
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
  /** Flags and mode as {@link NameCall.needs} wants them; null where the call has none. */
  readonly flags: Value | null;
  readonly mode: Value | null;
  readonly needs: (flags: number, mode: number) => readonly Need[];
  /** Judged as one request about two names (`model/request.ts`), gain included, beside `needs`. */
  readonly twoNames?: "rename" | "link";
  /** Capability that the policy must grant too, by mode. */
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

/** Makes sockets or changes what they can reach. */
export interface SocketCall extends Row {
  readonly class: "socket";
  readonly operation: "create" | "pair" | "option";
}

/** What a number stands for. */
export type TargetKind = "process" | "thread" | "pidfd" | "group-or-process" | "group" | "which";

export interface ProcessCall extends Row {
  readonly class: "process";
  /**
   * Who it is done to: every register that names somebody. `group-or-process`: 0 the own group, -1
   * all, less: a group (kill(2)). `which`: the register `which` says what `register` is
   * (setpriority(2), ioprio_set(2)).
   */
  readonly targets: readonly {
    readonly register: number;
    readonly kind: TargetKind;
    readonly which?: number;
    /** 0 means the caller. */
    readonly zeroIsSelf: boolean;
  }[];
  /**
   * `signal`: judged by `signals`. `control`: scheduling, limits, memory placement of others: the
   * own domain only. `inspect`: ptrace access, memory, descriptors of others: the own domain only.
   * `join`: to enter their process group: the own domain only.
   */
  readonly operation: "signal" | "control" | "inspect" | "join";
  /** Register with the signal's number; signal 0 only asks whether there is somebody. */
  readonly signal?: number;
  /** Register with the flags of pidfd_send_signal(2), which say how many the signal reaches. */
  readonly scope?: number;
  /** For which of these the kernel grants, to oneself too, what it grants to nobody else. */
  readonly capabilities?: readonly CapabilityName[];
}

/** Needs a capability; at a level that is live the call is judged instead of the capability. */
export interface PrivilegeCall extends Row {
  readonly class: "privilege";
  /** As the policy writes it. */
  readonly capability: string;
  /**
   * `always`: the kernel refuses the call without the capability. `ids`: only if an id is not among
   * the caller's own. `some`: by what memory asks.
   */
  readonly needed: "always" | "ids" | "some";
  /** Registers with ids, -1 for none; of `setgroups` none. */
  readonly ids?: readonly number[];
}

/** Changes by what the mediator decides. Allowed or not, it must be known before it is answered. */
export interface StateCall extends Row {
  readonly class: "state";
  /** A path that becomes the directory or root; existence is not judged. */
  readonly path?: PathArgument;
  readonly descriptor?: number;
  readonly capability?: string;
}

/** Acts on an open descriptor by rules that are not those of its opening. */
export interface DescriptorCall extends Row {
  readonly class: "descriptor";
  readonly descriptor: number;
  readonly needs: (request: number) => readonly Need[];
  /** Register with the request or command. */
  readonly request: number | null;
}

export interface ExecCall extends Row {
  readonly class: "exec";
  readonly path: PathArgument | null;
}

/** Refused whatever the policy lists; the reason is the row's. */
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

/** The calls that ask for words of one kind, which are a class of the reference. */
export interface WordCalls extends Described {
  readonly class: WordRequest["class"];
  readonly calls: readonly WordCall[];
}

/** Looks at a name: existence and metadata are not secret on any engine (SECURITY.md). */
export interface UnmediatedNameCall extends Row {
  readonly class: "unmediated-name";
}

/** Nothing to mediate but that the policy lists it. */
export interface PlainCall extends Row {
  readonly class: "plain";
  readonly why: string;
}

/** Never notified, listed or not: the reason is what would break. */
export interface UntouchableCall extends Row {
  readonly class: "untouchable";
  readonly why: string;
}
