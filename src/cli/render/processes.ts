import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import type { ListedProcess } from "../../domains/processes.ts";

export interface ProcessTableOptions {
  /** Columns of the screen; null does not cut commands. */
  readonly width: number | null;
  readonly threads: boolean;
}

const notes = {
  unknown: "unknown: may belong to a domain of its user's whose processes' parents have ended",
  lost: "holder lost: nobody is left to answer for what the kernel cannot decide; restart the daemon",
  record: "?: no record of the run tells",
};

/** Processes for people: what each is in, and what holds it. */
export function renderProcesses(
  processes: readonly ListedProcess[],
  options: ProcessTableOptions,
): string {
  const rows = processes.map((process) => cells(process, options.threads));
  const head = [
    "PID",
    ...(options.threads ? ["TID"] : []),
    "NUMBER",
    "DOMAIN",
    "LEVEL",
    "MODE",
    "COMMAND",
  ];
  const widths = head.map((title, at) =>
    rows.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), title.length),
  );
  const lines = [head, ...rows].map((row) => line(row, widths, options.width));
  const explained = [...new Set(processes.flatMap(notesOf))].map((note) =>
    wrap(note, options.width ?? 80, "  "),
  );
  return [...lines, ...(explained.length > 0 ? ["", ...explained] : []), ""].join("\n");
}

function cells(
  { pid, tid, command, comm, kind, confinement }: ListedProcess,
  threads: boolean,
): string[] {
  const ids = [String(pid), ...(threads ? [String(tid)] : [])];
  const words = printable(kind === "thread" ? `${command} {${comm}}` : command);
  if (confinement === "superDom") return [...ids, "0", "superDom", "-", "-", words];
  if (confinement === "unknown") return [...ids, "?", "unknown", "?", "?", words];
  const { domain, number, level, mode, holder } = confinement;
  const held = mode === null ? "?" : mode + (holder === "lost" ? ", holder lost" : "");
  return [
    ...ids,
    number === null ? "-" : String(number),
    printable(domain),
    level ?? "?",
    held,
    words,
  ];
}

/**
 * Numbers to the right, words to the left; the last column is cut where the screen ends, never
 * wrapped.
 */
function line(row: readonly string[], widths: readonly number[], width: number | null): string {
  const fixed = row.slice(0, -1).map((cell, at) => {
    const space = widths[at] ?? 0;
    return /^(\d+|[?-]|PID|TID|NUMBER)$/.test(cell) && at < row.length - 4
      ? cell.padStart(space)
      : cell.padEnd(space);
  });
  const text = [...fixed, row.at(-1) ?? ""].join("  ");
  return width === null || text.length <= width ? text.trimEnd() : `${text.slice(0, width - 1)}…`;
}

function notesOf({ confinement }: ListedProcess): string[] {
  if (confinement === "superDom") return [];
  if (confinement === "unknown") return [notes.unknown];
  return [
    ...(confinement.holder === "lost" ? [notes.lost] : []),
    ...(confinement.mode === null ? [notes.record] : []),
  ];
}
