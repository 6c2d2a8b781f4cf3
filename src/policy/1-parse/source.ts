import type { Span } from "../../diagnostics/diagnostic.ts";
import type { WordSection, Words } from "../../kinds/model.ts";
import type { PermissionSet } from "../../model/permission.ts";
import type {
  BestEffort,
  ControlCommand,
  CoreDumps,
  Effect,
  LateNames,
  Level,
  Mediation,
} from "../../model/policy.ts";

/**
 * One policy file as it was written: every part with its place, nothing looked up, variables still
 * in the words. `1-parse` makes it from text; `2-resolve` makes the `Policy` from one domain and
 * the abstractions it includes.
 */
export interface PolicySource extends WordLines {
  readonly file: string;
  readonly kind: PolicyKind;
  readonly summary: Word | null;
  readonly level: Level | null;
  readonly mediation: Mediation | null;
  readonly entries: readonly EntrySource[];
  readonly include: readonly Word[];
  readonly vars: readonly VariableSource[];
  readonly parameters: readonly ParameterSource[];
  readonly files: readonly FileLine[];
  readonly network: readonly NetworkLine[];
  readonly transitions: readonly TransitionLine[];
  readonly user: Word | null;
  readonly group: Word | null;
  readonly setUserId: readonly Word[];
  readonly coreDumps: CoreDumps | null;
  readonly lateNames: LateNames | null;
  readonly bestEffort: readonly BestEffort[];
}

export type WordLines = { readonly [S in WordSection]: readonly TokenLine<Words[S]>[] };

/** `include` names abstractions: grants without a domain. */
export type PolicyKind = "domain" | "abstraction";

/** Text without white space, or a whole scalar, with its place. */
export interface Word {
  readonly text: string;
  readonly span: Span;
}

export type EntrySource =
  | { readonly kind: "exec"; readonly value: Word }
  | {
      readonly kind: "unit";
      readonly value: Word;
      readonly outside: readonly ControlCommand[];
    };

export interface VariableSource {
  readonly name: Word;
  readonly values: readonly Word[];
}

export interface ParameterSource {
  readonly name: Word;
  readonly description: string;
  readonly default: Word | null;
  /**
   * What values must match, in the language of path patterns. Without a leading `/` it is one path
   * component.
   */
  readonly pattern: Word | null;
}

export interface FileLine {
  readonly effect: Effect;
  readonly permissions: PermissionSet;
  readonly patterns: readonly Word[];
}

export type NetworkLine = PlaceLine | UnixLine | SocketLine;

export interface PlaceLine {
  readonly kind: "place";
  readonly effect: Effect;
  readonly operation: "connect" | "listen";
  readonly protocol: "tcp" | "udp";
  readonly places: readonly Word[];
}

export interface UnixLine {
  readonly kind: "unix";
  readonly effect: Effect;
  readonly operation: "connect" | "listen";
  readonly patterns: readonly Word[];
}

export interface SocketLine {
  readonly kind: "socket";
  readonly effect: Effect;
  readonly family: "netlink" | "ping" | "raw" | "packet" | "vsock";
  readonly protocol: number | null;
  readonly word: Word;
}

export interface TokenLine<T extends string = string> {
  readonly effect: Effect;
  readonly token: T;
  readonly word: Word;
}

export interface TransitionLine {
  readonly path: Word;
  readonly into: Word;
}
