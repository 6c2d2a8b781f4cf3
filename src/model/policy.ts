import type { AddressRule } from "../kinds/addresses/model.ts";
import type { WordRules } from "../kinds/model.ts";
import type { SocketRule } from "../kinds/sockets/model.ts";
import type { Level } from "./level.ts";
import type { NameRule, Source } from "./rule.ts";

export { type Level, levels } from "./level.ts";
export type {
  Effect,
  NameRule,
  Network,
  PortRange,
  Source,
  TokenRule,
} from "./rule.ts";
export type { AddressRule, SocketRule };

/**
 * The meaning of a domain: what is left of a policy file once includes, variables and templates are
 * resolved. It knows no kernel and no host: two hosts give the same `Policy` for the same files.
 * Rules that are words (`ipc: [shm]`) are members under the names of their sections.
 */
export interface Policy extends WordRules {
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

export const mediations = ["sealed", "supervised"] as const;
export type Mediation = (typeof mediations)[number];
export type Entry =
  | { readonly kind: "exec"; readonly path: string }
  | { readonly kind: "unit"; readonly unit: string };

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
