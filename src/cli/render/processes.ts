import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import { isFilterBehind } from "../../domains/confinement.ts";
import type { ListedProcess } from "../../domains/processes.ts";

export interface ProcessTableOptions {
  /** Columns of the screen; null: does not cut commands. */
  readonly width: number | null;
  readonly threads: boolean;
  /** Its run keeps an earlier policy than its domain's file has now. */
  readonly isEarlier: (process: ListedProcess) => boolean;
}

const notes = {
  unknown: "unknown: the process may be in a domain of its user, but its parents have ended",
  lost: "holder lost: calls that the kernel cannot decide are refused; restart the daemon",
  record: "?: the run has no record",
  filter: "filter: the filter of system calls is that of another level, until a restart",
  earlier: "earlier policy: the domain's file has another now; cofferdam domain restart applies it",
};

/** For people: the domain of each process, and how it is held. */
export function renderProcesses(
  processes: readonly ListedProcess[],
  options: ProcessTableOptions,
): string {
  const rows = processes.map((process) => cells(process, options));
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
  const found = processes.flatMap((process) => notesOf(process, options));
  const explained = [...new Set(found)].map((note) => wrap(note, options.width ?? 80, "  "));
  return [...lines, ...(explained.length > 0 ? ["", ...explained] : []), ""].join("\n");
}

function cells(process: ListedProcess, { threads, isEarlier }: ProcessTableOptions): string[] {
  const { pid, tid, command, comm, kind, confinement } = process;
  const ids = [String(pid), ...(threads ? [String(tid)] : [])];
  const words = printable(kind === "thread" ? `${command} {${comm}}` : command);
  if (confinement === "superDom") return [...ids, "0", "superDom", "-", "-", words];
  if (confinement === "unknown") return [...ids, "?", "unknown", "?", "?", words];
  const { domain, number, level, mode, holder } = confinement;
  const marks = [
    ...(holder === "lost" ? ["holder lost"] : []),
    ...(isEarlier(process) ? ["earlier policy"] : []),
    ...(isFilterBehind(confinement) ? ["filter"] : []),
  ];
  const way = confinement.engine === "bpf-lsm" ? "kernel" : mode;
  const held = way === null ? "?" : [way, ...marks].join(", ");
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
 * Numbers are right-aligned, words left-aligned. The last column is cut at the screen's edge and
 * never wrapped.
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

function notesOf(process: ListedProcess, { isEarlier }: ProcessTableOptions): string[] {
  const { confinement } = process;
  if (confinement === "superDom") return [];
  if (confinement === "unknown") return [notes.unknown];
  return [
    ...(confinement.holder === "lost" ? [notes.lost] : []),
    ...(confinement.mode === null && confinement.engine === "landlock" ? [notes.record] : []),
    ...(isFilterBehind(confinement) ? [notes.filter] : []),
    ...(isEarlier(process) ? [notes.earlier] : []),
  ];
}
