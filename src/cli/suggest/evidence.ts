import type { Need } from "../../suggest/need.ts";
import { localTime } from "../render/local-time.ts";

/** More are counted. */
const PROGRAMS_SHOWN_MAX = 3;

/** When, how often and by what it was needed. */
export interface Evidence {
  readonly count: number;
  readonly first: string;
  readonly last: string;
  readonly programs: readonly string[];
  /** What a capability was needed for. */
  readonly purposes: readonly string[];
}

export function evidenceOf(needs: readonly Need[]): Evidence {
  return {
    count: needs.reduce((sum, { count }) => sum + count, 0),
    first: needs.map(({ first }) => first).sort()[0] ?? "",
    last:
      needs
        .map(({ last }) => last)
        .sort()
        .at(-1) ?? "",
    programs: [...new Set(needs.flatMap(({ programs }) => programs))],
    purposes: [...new Set(needs.flatMap(({ purposes = [] }) => purposes))],
  };
}

export function sayEvidence(evidence: Evidence): string {
  const { purposes } = evidence;
  const what = purposes.length === 0 ? "" : ` for ${purposes.join(", ")}`;
  return `${sayCount(evidence)} by ${sayPrograms(evidence)}${what}, ${sayWhen(evidence)}`;
}

export function sayCount({ count }: Evidence): string {
  return count === 1 ? "once" : `${count} times`;
}

export function sayPrograms({ programs }: Evidence): string {
  const shown = programs.slice(0, PROGRAMS_SHOWN_MAX).join(", ");
  const more = programs.length > PROGRAMS_SHOWN_MAX ? ", ..." : "";
  return `${shown || "?"}${more}`;
}

export function sayWhen({ first, last }: Evidence): string {
  return first === last ? `at ${localTime(last)}` : `${localTime(first)} to ${until(first, last)}`;
}

function until(first: string, last: string): string {
  const [day, time = ""] = localTime(last).split(" ");
  return localTime(first).startsWith(`${day} `) ? time : localTime(last);
}
