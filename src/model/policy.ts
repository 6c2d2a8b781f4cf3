import type { AddressRule } from "../kinds/addresses/model.ts";
import type { WordRules } from "../kinds/model.ts";
import type { SocketRule } from "../kinds/sockets/model.ts";
import type { LateNames } from "./late-names.ts";
import type { Level } from "./level.ts";
import type { NameRule, Source } from "./rule.ts";

export { areBrokered, type LateNames, lateNames } from "./late-names.ts";
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
 * The meaning of a domain: a policy file with includes, variables and templates resolved. It
 * depends on no kernel and no host: two hosts give the same `Policy` for the same files. Rules that
 * are words (`ipc: [shm]`) are members under the names of their sections.
 */
export interface Policy extends WordRules {
  /** `template@instance` for an instance. */
  readonly name: string;
  readonly summary: string;
  readonly level: Level;
  readonly mediation: Mediation;
  readonly entries: readonly Entry[];
  /** Paths and unix-socket names, allowed and denied. */
  readonly names: readonly NameRule[];
  readonly addresses: readonly AddressRule[];
  readonly sockets: readonly SocketRule[];
  readonly transitions: readonly Transition[];
  /**
   * The daemon's user and group; null keeps the caller's. Names, resolved on the host by the
   * compiler.
   */
  readonly user: string | null;
  readonly group: string | null;
  /** Set-user-id programs that must gain privileges on exec: naming one turns no_new_privs off. */
  readonly setUserId: readonly string[];
  readonly coreDumps: CoreDumps;
  readonly lateNames: LateNames;
  /**
   * What may be missing on a host without stopping the start (`best-effort`); empty means fail
   * closed.
   */
  readonly bestEffort: readonly BestEffort[];
}

/** How the landlock engine holds a run. */
export const modes = ["sealed", "supervised"] as const;
export type Mode = (typeof modes)[number];
/**
 * Of a daemon that does not work where a mediator makes its calls, or a launcher starts it: no
 * engine holds it but the kernel's, bpf-lsm.
 */
export const KERNEL_ALONE = "kernel";
export const mediations = [...modes, KERNEL_ALONE] as const;
export type Mediation = (typeof mediations)[number];

/** Whether no other engine holds the domain; its policy says so. */
export const holdsInKernel = ({ mediation }: Pick<Policy, "mediation">): boolean =>
  mediation === KERNEL_ALONE;

export type Entry =
  | { readonly kind: "exec"; readonly path: string }
  | {
      readonly kind: "unit";
      readonly unit: string;
      /** Commands of the unit that do not run in the domain. */
      readonly outside?: readonly ControlCommand[] | undefined;
    };

/** Commands that a unit has beside its daemon; settings of systemd.service(5). */
export const controlCommands = [
  "ExecStartPre",
  "ExecStartPost",
  "ExecReload",
  "ExecReloadPost",
  "ExecStop",
  "ExecStopPost",
] as const;
export type ControlCommand = (typeof controlCommands)[number];

/**
 * `none`: a crash leaves nothing and starts nothing. `allowed`: the kernel does what core_pattern
 * says, within the limit that the daemon was started with, and outside every grant.
 */
export const coreDumps = ["none", "allowed"] as const;
export type CoreDumps = (typeof coreDumps)[number];

/** Executing `path` enters domain `into`. */
export interface Transition {
  readonly path: string;
  readonly into: string;
  readonly source: Source;
}

/**
 * What a policy may agree to do without, by name; see `docs/fallbacks.md`. Signals and the kernel's
 * records are not listed: a lack of them stops no domain.
 */
export const bestEffortNames = ["addresses", "unix", "ioctl", "ipc"] as const;
export type BestEffort = (typeof bestEffortNames)[number];
