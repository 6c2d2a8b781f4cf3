import type { GrantedWords } from "../../kinds/model.ts";

/** Who holds the sockets of a family: layers of the kernel, the mediator, or none are made. */
export type SocketMode = "kernel" | "broker" | "refused";

/**
 * What the verdicts about a sealed domain hang on, of its policy and of the host; made by
 * `compile/seccomp/context.ts`.
 */
export interface SealedContext {
  /** Granted system calls: allowed tokens without the denied ones. */
  readonly listed: ReadonlySet<string>;
  /** Explicitly denied system calls: no other grant brings them back. */
  readonly denied: ReadonlySet<string>;
  /** A listener will be there; else what would be notified fails. */
  readonly listener: boolean;
  /** The broker may look into the daemon, and hand it descriptors. */
  readonly handsOver: boolean;
  readonly brokered: BrokeredNames;
  readonly sockets: SocketGrants;
  /** Granted words that this host can hold, of the kinds that calls ask for (`kinds/kernel.ts`). */
  readonly words: GrantedWords;
  /** The policy leaves core files to the kernel. */
  readonly coreDumps: boolean;
  /** Landlock's scope keeps signals inside the domain. */
  readonly signalsHeld: boolean;
  /** Landlock handles truncation (ABI 3). */
  readonly truncateHeld: boolean;
}

/** Names that the policy lets the domain make, remove or move and Landlock cannot express. */
export interface BrokeredNames {
  readonly creates: boolean;
  readonly deletes: boolean;
  /** Between directories that Landlock keeps and that may not exchange files by themselves. */
  readonly moves: boolean;
  /**
   * Into directories where Landlock makes names: it wants REFER where the linked file lies too, and
   * the policy does not.
   */
  readonly links: boolean;
}

export interface SocketGrants {
  readonly inet: SocketMode;
  readonly unix: SocketMode;
  /** Some address rule grants it. */
  readonly tcp: boolean;
  readonly udp: boolean;
  /**
   * Somewhere a datagram could go to by its address is granted, or sockets come from elsewhere.
   * Without, no datagram socket is made where the broker judges: then no message has an address
   * that counts (unix(7), tcp(7)), and none is asked about.
   */
  readonly datagrams: boolean;
  /**
   * `listen tcp 0` for every address: listen() on an unbound socket takes nothing that is not
   * granted.
   */
  readonly listensAnywhere: boolean;
  readonly netlink: Protocols;
  readonly ping: Protocols;
  readonly raw: Protocols;
  readonly packet: Protocols;
  readonly vsock: Protocols;
}

/** Granted protocol numbers of a family, or all but some. */
export type Protocols =
  | { readonly kind: "only"; readonly numbers: readonly number[] }
  | { readonly kind: "all-but"; readonly numbers: readonly number[] };

export const noProtocols: Protocols = { kind: "only", numbers: [] };
