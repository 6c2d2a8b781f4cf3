import { printable } from "../../../base/printable.ts";
import { type Diagnostic, hasError } from "../../../diagnostics/diagnostic.ts";
import { Permission, type PermissionName, permissionLetters } from "../../../model/permission.ts";
import type { Need } from "../../../suggest/need.ts";
import { spellRequest } from "../../explain/spell-request.ts";
import { folded } from "../../terminal/lines.ts";
import { evidenceOf, sayCount, sayEvidence, sayPrograms, sayWhen } from "../evidence.ts";
import { type Item, type Judged, WORD } from "./choosing.ts";
import { type DiffLine, excerpts } from "./line-difference.ts";

/** Lines in the place of one that stand on its page; more are counted, the preview has all. */
const LINES_SHOWN_MAX = 8;
/** Names that a line grants beside those used; more are counted. */
const OTHERS_SHOWN_MAX = 5;
/** Behind the words on the left. */
const INDENT = " ".repeat(10);

/** The page of a line: the reasons to be careful come first, so that no screen is too small. */
export function linePage(item: Item, variant: number, columns: number): readonly string[] {
  const lines = item.variants[variant] ?? [];
  const needs = needsOf(item);
  const evidence = evidenceOf(needs);
  const { purposes } = evidence;
  const dangers = [...new Set(lines.flatMap(({ dangers: all }) => all))];
  const rows = [
    ...sectionsOf(lines),
    "",
    ...dangers.map((danger) => row("careful", danger)),
    ...lettersOf(lines).map((words) => row("allows", words)),
    row("why", whyOf(lines)),
    ...othersOf(lines).map((names) => row("beyond", names)),
    row("seen", `${sayCount(evidence)}, ${sayWhen(evidence)}`),
    row("by", sayPrograms(evidence)),
    ...(purposes.length === 0 ? [] : [row("for", purposes.join(", "))]),
    ...variantsOf(item, variant).map((words) => row("", words)),
  ];
  return written(rows, columns);
}

export function eventsPage(item: Item, columns: number): readonly string[] {
  const needs = needsOf(item);
  const rows = needs.flatMap((need) => [
    `${spellRequest(need.request)}`,
    `  ${sayEvidence(evidenceOf([need]))}`,
    ...(need.pids.length === 0 ? [] : [`  processes ${need.pids.join(", ")}`]),
    ...(need.event === undefined ? [] : [`  newest: cofferdam why ${need.event}`]),
  ]);
  return written(rows, columns, "    ");
}

/** `head`: what is written, and where. */
export function previewPage(
  head: readonly string[],
  difference: readonly DiffLine[],
  diagnostics: readonly Diagnostic[],
  columns: number,
): readonly string[] {
  const changes = excerpts(difference).flatMap((line) =>
    line === null
      ? ["  ..."]
      : folded(printable(`${line.sign} ${line.text}`), columns, `${line.sign}   `),
  );
  const rows = diagnostics
    .filter(({ severity }) => severity !== "info")
    .map(({ code, severity, message }) => `check: ${severity} ${code}: ${message}`);
  const isRefused = hasError(diagnostics);
  return [
    ...written(head, columns),
    "",
    ...changes,
    ...(rows.length === 0 ? [] : ["", ...written(rows, columns, "  ")]),
    ...(isRefused ? written(["check refuses this file: nothing can be written"], columns) : []),
  ];
}

export const helpPage: readonly string[] = [
  "Each line is one that would allow what the domain was warned about.",
  "",
  "  t   take the line",
  "  l   leave it out",
  "  n   a narrower line: only what was seen",
  "  w   a wider line: the folder, the network",
  "  e   the accesses that it is for, with the newest event of each",
  "  u   undo: back to the line before, as often as you like",
  "  p   preview of the file with the lines taken so far; y there writes it",
  "  q   quit without writing, as ^C does",
  "      up, down, page up, page down, space, home: move",
  "",
  "Dangerous lines come last. A process can ask for any name, so that they",
  `are proposed; to take one, type the word \`${WORD}\`.`,
  "",
  "any key: back",
];

function written(rows: readonly string[], columns: number, indent = INDENT): readonly string[] {
  return rows.flatMap((text) => folded(printable(text), columns, indent));
}

function row(word: string, text: string): string {
  return `${word.padEnd(INDENT.length - 1)} ${text}`;
}

function needsOf(item: Item): readonly Need[] {
  return item.variants[item.usual]?.flatMap(({ needs }) => needs) ?? [];
}

function sectionsOf(lines: readonly Judged[]): readonly string[] {
  const shown = lines.slice(0, LINES_SHOWN_MAX);
  const names = [...new Set(shown.map(({ section }) => section))];
  const left = lines.length - shown.length;
  return [
    ...names.flatMap((name) => [
      `${name}:`,
      ...shown.filter(({ section }) => section === name).map(({ line }) => `  - ${line}`),
    ]),
    ...(left > 0 ? [`  and ${left} more, which the preview shows`] : []),
  ];
}

/** Of lines of `files`, in words. */
function lettersOf(lines: readonly Judged[]): readonly string[] {
  const letters = lines
    .filter(({ section }) => section === "files")
    .flatMap(({ line }) => [...(line.split(" ")[0] ?? "")]);
  const words = Object.entries(permissionLetters).flatMap(([letter, bit]) => {
    const [word] = (Object.keys(Permission) as PermissionName[]).filter(
      (name) => Permission[name] === bit,
    );
    return letters.includes(letter) && word !== undefined ? [`${letter} ${word}`] : [];
  });
  return words.length === 0 ? [] : [words.join(", ")];
}

function whyOf(lines: readonly Judged[]): string {
  const reasons = new Set(lines.flatMap(({ because }) => because ?? []));
  const beyond = lines.reduce((sum: number, { wider }) => sum + (wider ?? 0), 0);
  const isCounted = lines.every(({ wider }) => wider !== null);
  if (reasons.size === 0) return "exactly what was seen";
  const more = isCounted
    ? `; it grants ${beyond} more than what was seen`
    : "; how much more that is was not counted";
  return `${[...reasons].join("; ")}${more}`;
}

function othersOf(lines: readonly Judged[]): readonly string[] {
  const others = lines.flatMap(({ others: names = [] }) => names);
  const left = others.length - OTHERS_SHOWN_MAX;
  if (others.length === 0) return [];
  const shown = others.slice(0, OTHERS_SHOWN_MAX).join(", ");
  return [`${shown}${left > 0 ? ` and ${left} more` : ""}`];
}

function variantsOf({ variants }: Item, variant: number): readonly string[] {
  const size = (at: number) => {
    const lines = variants[at] ?? [];
    return lines.length === 1 ? (lines[0]?.line ?? "") : `${lines.length} lines`;
  };
  return [
    ...(variant > 0 ? [`n: narrower: ${size(variant - 1)}`] : []),
    ...(variant < variants.length - 1 ? [`w: wider: ${size(variant + 1)}`] : []),
  ];
}
