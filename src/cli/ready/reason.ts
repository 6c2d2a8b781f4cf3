/** May the domain be enforced? */
export type Verdict = "ready" | "not-yet" | "cannot-tell";

/** `note`: worth knowing, and no reason for or against. */
export interface Reason {
  readonly says: Verdict | "note";
  /** For programs. */
  readonly name: string;
  readonly text: string;
  /** What to do, as a command or a sentence. */
  readonly help: string | null;
}

export function reason(
  says: Reason["says"],
  name: string,
  text: string,
  help: string | null = null,
): Reason {
  return { says, name, text, help };
}

export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : what.endsWith("s") ? "es" : "s"}`;
}
