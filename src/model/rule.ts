import type { PermissionSet } from "./permission.ts";

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
