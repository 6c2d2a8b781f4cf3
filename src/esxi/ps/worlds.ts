import { printable } from "../../base/printable.ts";
import type { ListedProcess } from "../../domains/processes.ts";
import { waitWord } from "./wait.ts";

/** Title and width in columns. A longer cell shifts the rest; two spaces always separate cells. */
const columns: readonly (readonly [title: string, width: number])[] = [
  ["WID", 10],
  ["CID", 10],
  ["WorldName", 55],
  ["GID", 9],
  ["Type", 12],
  ["State", 8],
  ["Wait", 8],
  ["CPU", 6],
  ["Time", 11],
  ["SecurityDomain", 16],
  ["Command", 0],
];

const GAP = 2;

/** Lists processes and threads as ESXi's `ps -TcjstvZ` lists worlds, with the domain's number. */
export function renderWorlds(processes: readonly ListedProcess[]): string {
  const rows = [columns.map(([title]) => title), ...processes.map(cells)];
  const widths = columns.map(([, least], at) =>
    rows.reduce((most, row) => Math.max(most, (row[at]?.length ?? 0) + GAP), least),
  );
  const last = columns.length - 1;
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => (at === last ? cell : cell.padEnd(widths[at] ?? 0))).join("");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}

const types = { process: "User", thread: "User,Clone", kernel: "System" } as const;

function cells(process: ListedProcess): string[] {
  const { pid, tid, comm, group, kind, state, seconds, cpus, confinement, command } = process;
  return [
    String(tid),
    String(pid),
    printable(comm),
    String(group),
    types[kind],
    state === "R" ? "RUN" : state === "Z" || state === "X" ? "ZOMBIE" : "WAIT",
    state === "R" ? "-" : waitWord(process.waits),
    cpus ?? "-",
    seconds.toFixed(2),
    domainNumber(confinement),
    printable(command),
  ];
}

/** `-` if the domain has no number or is unknown. */
function domainNumber(confinement: ListedProcess["confinement"]): string {
  if (confinement === "superDom") return "0";
  return confinement === "unknown" || confinement.number === null
    ? "-"
    : String(confinement.number);
}
