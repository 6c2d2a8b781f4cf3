import { escapeName } from "../model/pattern.ts";
import type { KeyName } from "../policy/language.ts";

/**
 * Who speaks for a line. What root or the package has written is believed; what a running process
 * shows may be made up by it.
 */
export type Witness = "cofferdam" | "unit" | "package" | "program" | "command" | "process";

/** A line that a policy might have, and what on this host speaks for it. */
export interface Evidence {
  readonly section: KeyName;
  /** As the section takes it; under `user` and `group` the name alone. */
  readonly line: string;
  /** In a few words. Names in it may be hostile. */
  readonly why: string;
  readonly witness: Witness;
  /** Without it nothing starts: the program that the unit or the caller names. */
  readonly isProgram?: boolean;
  /** Of `memory`: the program that asks for it. */
  readonly program?: string;
  /** Why a process may have made it up, though another than `process` speaks for it. */
  readonly doubt?: string;
}

/** A line of a draft. One with dangers is only a comment, unless nothing starts without it. */
export interface DraftLine extends Evidence {
  readonly dangers: readonly string[];
}

export function isGranted({ dangers, isProgram }: DraftLine): boolean {
  return dangers.length === 0 || isProgram === true;
}

/** Where evidence of one kind comes from, as its lines need it. */
export type Source = Pick<Evidence, "why" | "witness">;

export function ofFile(letters: string, path: string, source: Source): Evidence {
  return { section: "files", line: `${letters} ${escapeName(path)}`, ...source };
}

/** Everything below a folder that the evidence itself names. */
export function ofFolder(letters: string, path: string, source: Source): Evidence {
  return { section: "files", line: `${letters} ${escapeName(path)}/**`, ...source };
}
