import { escapeName } from "../model/pattern.ts";
import { ANY_NUMBER, isProcessFolder } from "../model/process-folder.ts";

/** A pattern for a name, and why it is not the name alone; null if it is. */
export interface Shape {
  readonly pattern: string;
  readonly because: string | null;
}

/** What tells whether a part of a name is another one the next time. */
export interface NameFacts {
  /** Processes that asked for it. */
  readonly pids: readonly number[];
  /** The domain itself makes this name. */
  readonly isMade: boolean;
  /** It is executed, or mapped as code. */
  readonly isRun: boolean;
  /** Whether the same domain asked for another name, or the host has it. */
  readonly isKnown: (path: string) => boolean;
}

/** A file of a group below the root, cgroups(7). */
const CONTROL_GROUP = /^\/sys\/fs\/cgroup\/.+\/([^/]+)$/;
/** Digits of a year, a month and a day. */
const DATE = /(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])/;
/** `access.log.1`, `access.log.12.gz`: logrotate(8) and what imitates it. */
const ROTATED = /^(.+)\.(\d{1,4})((?:\.(?:gz|bz2|xz|zst))?)$/;
/** Six or more characters behind a mark or `tmp`, or alone: mkstemp(3) and its relatives. */
const RANDOM = /(?:(?<=[-._]|^tmp)|^(?!tmp))[A-Za-z0-9]{6,}(?=$|\.)/g;
/** Below this, a process id is found in too many names by chance. */
const PID_MIN = 100;

/**
 * The narrowest pattern that also covers the name that the daemon uses the next time. A part of the
 * name is replaced only where something tells what it is: the id of the process that asked, a date,
 * the number of a rotated log, the random part of a temporary name.
 */
export function shapeOf(path: string, facts: NameFacts): Shape {
  const group = CONTROL_GROUP.exec(path)?.[1];
  if (group !== undefined)
    return {
      pattern: `/sys/fs/cgroup/**/${escapeName(group)}`,
      because: "the control group is that of the daemon's unit or session",
    };
  const reasons = new Set<string>();
  const parts = path.split("/");
  const written = parts.map((part, at) => {
    if (part === "") return "";
    const changed = changing(parts, at, facts);
    if (changed === null) return escapeName(part);
    reasons.add(changed.because);
    return changed.pattern;
  });
  return {
    pattern: written.join("/"),
    because: reasons.size === 0 ? null : [...reasons].join(", "),
  };
}

function changing(
  parts: readonly string[],
  at: number,
  facts: NameFacts,
): { readonly pattern: string; readonly because: string } | null {
  const part = parts[at] ?? "";
  if (isProcessFolder(parts, at))
    return { pattern: ANY_NUMBER, because: "processes have new numbers" };
  const pid = /\d/.test(part)
    ? facts.pids.find((one) => one >= PID_MIN && hasNumber(part, one))
    : undefined;
  if (pid !== undefined)
    return {
      pattern: replaced(part, new RegExp(`(?<!\\d)${pid}(?!\\d)`), () => ANY_NUMBER),
      because: "it holds the number of the process",
    };
  if (DATE.test(part))
    return { pattern: replaced(part, DATE, dateLike), because: "it holds a date" };
  const rotated = ROTATED.exec(part);
  const log = rotated?.[1];
  const isKnown = (name: string) => facts.isKnown([...parts.slice(0, at), name].join("/"));
  const mayRotate = at === parts.length - 1 && !facts.isRun && !isInstalled(parts.join("/"));
  if (log !== undefined && mayRotate && !/\.so$/.test(log) && isKnown(log))
    return {
      pattern: `${escapeName(log)}.${ANY_NUMBER}`,
      because: "a rotated log has a new number",
    };
  const random = facts.isMade && at === parts.length - 1 ? randomPart(part) : null;
  if (random === null) return null;
  const { index, found } = random;
  // Random numbers have different lengths.
  const pattern = /^\d+$/.test(found) ? ANY_NUMBER : "?".repeat(found.length);
  const after = escapeName(part.slice(index + found.length));
  return {
    pattern: `${escapeName(part.slice(0, index))}${pattern}${after}`,
    because: "a temporary name is random",
  };
}

/** `python3.11` beside `python3` is a version: packages put no logs there. */
function isInstalled(path: string): boolean {
  return /^\/(?:usr|opt|bin|sbin|lib\w*|boot)\//.test(path);
}

function hasNumber(part: string, number: number): boolean {
  return part.includes(String(number)) && new RegExp(`(?<!\\d)${number}(?!\\d)`).test(part);
}

/** A number rather than letters, which may be a name: `PostgreSQL.1680180258`. */
function randomPart(part: string): { readonly index: number; readonly found: string } | null {
  const all = [...part.matchAll(RANDOM)].map(({ index, 0: found }) => ({ index, found }));
  const random = all.filter(({ found }) => isRandom(found));
  return random.find(({ found }) => /^\d+$/.test(found)) ?? random[0] ?? null;
}

/**
 * Random text mixes small letters, capitals and digits. `README1`, `md5sums`, `utf8` and
 * `LastUpdate` mix them, too, but are words.
 */
function isRandom(text: string): boolean {
  if (/^\d+$/.test(text)) return true;
  const sorts = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((sort) => sort.test(text)).length;
  if (sorts < 2) return false;
  const isWord =
    /^[A-Z]?[a-z]+\d*$/.test(text) ||
    /^[A-Z]+\d*$/.test(text) ||
    /^[a-z]*(?:[A-Z][a-z]{2,})+\d*$/.test(text) ||
    (/^[a-z]{2,}\d+[a-z]+$/.test(text) && !/^[0-9a-f]+$/.test(text));
  return !isWord;
}

function dateLike(date: string): string {
  return date.replace(/\d/g, "[0-9]");
}

/** The pattern for a component of which one part changes. */
function replaced(part: string, what: RegExp, by: (found: string) => string): string {
  const found = what.exec(part);
  if (found === null) return escapeName(part);
  const before = part.slice(0, found.index);
  const after = part.slice(found.index + found[0].length);
  return `${escapeName(before)}${by(found[0])}${escapeName(after)}`;
}
