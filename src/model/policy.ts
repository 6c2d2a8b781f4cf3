import type { PermissionSet } from "./permission.ts";

/**
 * The meaning of a domain: what is left of a policy file once includes, variables and templates are
 * resolved. It knows no kernel and no host: two hosts give the same `Policy` for the same files.
 */
export interface Policy {
  /** The domain's name, for an instance `template@instance`. */
  readonly name: string;
  readonly summary: string;
  readonly level: Level;
  readonly mediation: Mediation;
  readonly entries: readonly Entry[];
  /** Paths and unix-socket names, allowed and denied. */
  readonly names: readonly NameRule[];
  /** TCP and UDP by address and port. */
  readonly addresses: readonly AddressRule[];
  /** Socket families that are granted or not as a whole. */
  readonly sockets: readonly SocketRule[];
  readonly capabilities: readonly TokenRule[];
  /** System call names (x86_64 spelling), groups already expanded. */
  readonly syscalls: readonly TokenRule[];
  readonly ipc: readonly TokenRule<IpcKind>[];
  readonly inherit: readonly TokenRule<InheritKind>[];
  /** Domains that may be signalled beside the own one; `any` for every process. */
  readonly signals: readonly TokenRule[];
  readonly transitions: readonly Transition[];
  /**
   * Who the daemon runs as; null keeps the caller. Names, resolved against the host by the
   * compiler.
   */
  readonly user: string | null;
  readonly group: string | null;
  /** Set-user-id programs that must gain privileges on exec: naming one turns no_new_privs off. */
  readonly setUserId: readonly string[];
  /**
   * What may be missing on a host without stopping the start (`best-effort`); empty means fail
   * closed.
   */
  readonly coreDumps: CoreDumps;
  readonly bestEffort: readonly BestEffort[];
}

export const levels = ["enforcing", "warning", "disabled"] as const;
export type Level = (typeof levels)[number];
export const mediations = ["sealed", "supervised"] as const;
export type Mediation = (typeof mediations)[number];
export type Effect = "allow" | "deny";

/** Where a rule was written, for messages. Lines and columns count from 1, in characters. */
export interface Source {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Characters of what was written there, for messages that underline it. */
  readonly length?: number;
  /** The rule as one could paste it back, e.g. `r /etc/nginx/**`. */
  readonly text: string;
}

export type Entry =
  | { readonly kind: "exec"; readonly path: string }
  | { readonly kind: "unit"; readonly unit: string };

/**
 * One pattern with the operations it allows or denies.
 * Path patterns start with `/`; abstract unix-socket names start with `@`.
 * Syntax and matching: `pattern.ts`.
 */
export interface NameRule {
  readonly effect: Effect;
  readonly permissions: PermissionSet;
  readonly pattern: string;
  readonly source: Source;
}

export interface AddressRule {
  readonly effect: Effect;
  /** `connect` covers connecting and addressed sends; `listen` covers bind and listen. */
  readonly operation: "connect" | "listen";
  readonly protocol: "tcp" | "udp";
  /**
   * Network in binary (4 or 16 bytes) with prefix length in bits; null stands for every address of
   * both families.
   */
  readonly network: Network | null;
  /** Inclusive, 0..65535. Port 0 in a `listen` rule is "a port of the kernel's choice". */
  readonly ports: PortRange;
  readonly source: Source;
}

export interface Network {
  readonly family: 4 | 6;
  readonly address: Uint8Array;
  readonly prefix: number;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** `netlink route`, `ping`, `raw icmp`, `packet`, `vsock`: granted or denied as families. */
export interface SocketRule {
  readonly effect: Effect;
  readonly family: "netlink" | "ping" | "raw" | "packet" | "vsock";
  /** Protocol number within the family; null for every protocol. */
  readonly protocol: number | null;
  readonly source: Source;
}

export interface TokenRule<T extends string = string> {
  readonly effect: Effect;
  readonly token: T;
  readonly source: Source;
}

/** System V shared memory, semaphores, message queues; POSIX message queues. */
export const ipcKinds = ["shm", "sem", "msg", "mqueue"] as const;
export type IpcKind = (typeof ipcKinds)[number];

/**
 * `stdio`: descriptors 0-2 that are files, pipes, terminals or character devices. `stdio-sockets`:
 * descriptors 0-2 that are connected unix stream sockets (journald's); another could be connected
 * anew. `listen`: the sockets of systemd socket activation (LISTEN_FDS), and no others.
 */
export const inheritKinds = ["stdio", "stdio-sockets", "listen"] as const;
export type InheritKind = (typeof inheritKinds)[number];

/**
 * `none`: a crash leaves nothing and starts nothing. `allowed`: the kernel does what core_pattern
 * says, within the limit that the daemon was started with, and outside every grant.
 */
export const coreDumps = ["none", "allowed"] as const;
export type CoreDumps = (typeof coreDumps)[number];

/** Executing `path` leads into domain `into`. */
export interface Transition {
  readonly path: string;
  readonly into: string;
  readonly source: Source;
}

/**
 * What a policy may agree to do without, by name; see `docs/fallbacks.md`. Signals and the kernel's
 * records are not among them: no domain is stopped for want of either.
 */
export type BestEffort = "addresses" | "unix" | "ioctl" | "ipc";
