import type { GrantedWords } from "../../kinds/model.ts";
import type { LateNames } from "../../model/late-names.ts";

export type SocketMode = "kernel" | "broker" | "refused";

/**
 * The facts of policy and host that verdicts about a sealed domain depend on; made by
 * `compile/seccomp/context.ts`.
 */
export interface SealedContext {
  readonly listed: ReadonlySet<string>;
  /** No other grant brings these back. */
  readonly denied: ReadonlySet<string>;
  /** Without a listener, notified calls fail. */
  readonly listener: boolean;
  /** The mediator may inspect the daemon and hand it descriptors. */
  readonly handsOver: boolean;
  readonly brokered: BrokeredNames;
  readonly sockets: SocketGrants;
  /** Granted words that this host can hold, of the kinds that calls ask for (`kinds/kernel.ts`). */
  readonly words: GrantedWords;
  /** The policy leaves core files to the kernel. */
  readonly coreDumps: boolean;
  /** Landlock's scope confines signals to the domain. */
  readonly signalsHeld: boolean;
  /**
   * Unless `sealed`, names made or replaced after the start are the mediator's: it is notified of
   * opens, of truncate, and of every name made, removed or moved where the policy grants that
   * anywhere.
   */
  readonly lateNames: LateNames;
  /** Landlock handles truncation (ABI 3). */
  readonly truncateHeld: boolean;
}

/** Whether the policy lets the domain make, remove or move names that Landlock cannot express. */
export interface BrokeredNames {
  readonly creates: boolean;
  readonly deletes: boolean;
  /** Between directories that Landlock protects from moves. */
  readonly moves: boolean;
  /**
   * Into directories where Landlock makes names. It also requires REFER where the linked file lies,
   * which the policy does not.
   */
  readonly links: boolean;
}

export interface SocketGrants {
  readonly inet: SocketMode;
  readonly unix: SocketMode;
  readonly tcp: boolean;
  readonly udp: boolean;
  /**
   * The policy grants a destination for datagrams, or sockets are inherited. Otherwise no datagram
   * socket can be made where the mediator judges. Then no message has an address that counts
   * (unix(7), tcp(7)), and none is notified.
   */
  readonly datagrams: boolean;
  /**
   * `listen tcp 0` is granted for every address, so listen() on an unbound socket takes nothing
   * that is not granted.
   */
  readonly listensAnywhere: boolean;
  readonly netlink: Protocols;
  readonly ping: Protocols;
  readonly raw: Protocols;
  readonly packet: Protocols;
  readonly vsock: Protocols;
}

export type Protocols =
  | { readonly kind: "only"; readonly numbers: readonly number[] }
  | { readonly kind: "all-but"; readonly numbers: readonly number[] };

export const noProtocols: Protocols = { kind: "only", numbers: [] };
