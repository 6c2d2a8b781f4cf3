import { printable } from "../base/printable.ts";
import { wrap } from "../base/wrap.ts";
import { writtenItem } from "../policy/add-lines.ts";
import { type KeyName, keyNames } from "../policy/language.ts";
import { type DraftLine, isGranted } from "./evidence.ts";

/** What a draft says of the domain itself. */
export interface DraftHead {
  readonly name: string;
  /** What it was made for, as the caller named it. */
  readonly target: string;
  /** May hold whatever the unit says of itself. */
  readonly summary: string;
  /** Members of `enter`, as the policy language writes them. */
  readonly entries: readonly { readonly line: string; readonly why: string }[];
}

/** A draft is read at a terminal, columns. */
const WIDTH = 80;
/** Of the summary, characters. */
const SUMMARY_LENGTH_MAX = 100;

/** The policy, each line with its evidence beside it, or above it where both are too long. */
export function draftText(head: DraftHead, lines: readonly DraftLine[]): string {
  const sections = keyNames("domain").filter((key) => lines.some(({ section }) => section === key));
  const scalars = sections.filter(isScalar);
  const lists = sections.filter((key) => !isScalar(key) && key !== "include");
  const summary = [...printable(head.summary)].slice(0, SUMMARY_LENGTH_MAX);
  const of = (key: KeyName) => lines.filter(({ section }) => section === key);
  return [
    comment(introduction(head), ""),
    `summary: ${JSON.stringify(summary.join(""))}\n`,
    beside("level: warning", "grants and logs what no line grants", ""),
    ...(head.entries.length === 0 ? [] : ["enter:\n"]),
    ...head.entries.map(({ line, why }) => beside(`  - ${line}`, why, "  ")),
    ...["include" as const, ...scalars, ...lists]
      .filter((key) => sections.includes(key))
      .flatMap((key) => (isScalar(key) ? of(key).map(scalar) : section(key, of(key)))),
  ].join("");
}

function introduction({ name, target }: DraftHead): string {
  return (
    `${name}: drafted by \`cofferdam protect ${target}\`, from what is on this host. Beside or ` +
    "above each line stands what speaks for it. A line behind `#` is not in force: a break-in " +
    "would like it, too. Remove the `#` if the daemon is to have it."
  );
}

function isScalar(key: KeyName): boolean {
  return key === "user" || key === "group";
}

function scalar({ section: key, line, why }: DraftLine): string {
  return beside(`${key}: ${writtenItem(line)}`, why, "");
}

/** A section of comments alone has no key: a list without members is none. */
function section(key: KeyName, lines: readonly DraftLine[]): string[] {
  const granted = lines.filter(isGranted);
  const refused = lines.filter((one) => !isGranted(one));
  return [
    `${granted.length === 0 ? "# " : ""}${key}:\n`,
    ...granted.map((one) => beside(`  - ${writtenItem(one.line)}`, reasonOf(one), "  ")),
    ...refused.map((one) => `${comment(reasonOf(one), "  ")}  # - ${writtenItem(one.line)}\n`),
  ];
}

function reasonOf({ why, dangers }: DraftLine): string {
  return [...dangers.map((danger) => `careful: ${danger}`), why].join("; ");
}

function beside(line: string, why: string, indent: string): string {
  const whole = `${line} # ${printable(why)}`;
  return [...whole].length <= WIDTH ? `${whole}\n` : `${comment(why, indent)}${line}\n`;
}

function comment(text: string, indent: string): string {
  return `${wrap(`${indent}# ${printable(text)}`, WIDTH, `${indent}# `)}\n`;
}
