import { asOrdinaryUser } from "./ordinary-user.ts";
import { progress } from "./progress.ts";
import { inTurns, type Settings } from "./rounds.ts";
import { cofferdam, type Scratch } from "./scratch.ts";
import { type Row, verdict } from "./table.ts";

/** Processes started for each setting, in turns. */
const TURNS = 3;
const PER_ROUND = 40;
/** Two thousand executions: as many calls as the other rows make before they count. */
const WARM_UP = 50;
/** Design: an execution costs so much of what a C program takes that holds it as well. */
const BUDGET = 1.5;

/**
 * Nanoseconds of vfork, execve and wait: of a program that only ends, and of one with a loader and
 * a library.
 */
export async function executionTimes(scratch: Scratch): Promise<Row[]> {
  const programs = {
    "static program of three instructions": scratch.program("one", ["-static", "-nostdlib"]),
    "/usr/bin/true": "/usr/bin/true",
  };
  const text = (level: string, mediation: string) =>
    policyText(level, mediation, [scratch.file("micro"), ...Object.values(programs)]);
  const sealed = scratch.domain("exec-sealed", text("enforcing", "sealed")).policy;
  const warning = scratch.supervised("exec-warning", text("warning", "supervised"));
  const enforcing = scratch.supervised("exec-enforcing", text("enforcing", "supervised"));
  const supervisor = scratch.program("exec-supervisor");
  const micro = scratch.file("micro");
  const under = (as: readonly string[]): Settings => ({
    nothing: [...as, micro],
    sealed: [...as, cofferdam, "run", "--policy", sealed, "--", micro],
    "C continue": [...as, supervisor, "continue", warning.filter, "--", micro],
    warning: [...as, cofferdam, "run", "--policy", warning.policy, "--", micro],
    "C hold": [...as, supervisor, "hold", enforcing.filter, "--", micro],
    enforcing: [...as, cofferdam, "run", "--policy", enforcing.policy, "--", micro],
  });
  const settings = new Map([["", under([])]]);
  if (process.getuid?.() === 0) settings.set(", as nobody", under(asOrdinaryUser(scratch)));
  const rows: Row[] = [];
  for (const [whose, each] of settings) {
    for (const [program, argument] of Object.entries(programs)) {
      const what = `${program}${whose}`;
      progress(what);
      const work = { operation: "vfork", argument, perRound: PER_ROUND, warmUp: WARM_UP };
      const figures = await inTurns(scratch, work, each, TURNS);
      rows.push({ what, unit: "ns", figures, note: executionNote(figures) });
    }
  }
  return rows;
}

/** Each level beside the C program that does the same for it, and beside nothing at all. */
export function executionNote(figures: Readonly<Record<string, number>>): string {
  const { nothing = 0, sealed = 0, warning = 0, enforcing = 0 } = figures;
  const to = (figure: number, yardstick: number) => (figure / yardstick).toFixed(2);
  return [
    `sealed ${to(sealed, nothing)} x nothing`,
    `warning ${verdict(warning / (figures["C continue"] ?? 0), "C continue", BUDGET)}, ` +
      `${to(warning, nothing)} x nothing`,
    `enforcing ${verdict(enforcing / (figures["C hold"] ?? 0), "C hold", BUDGET)}, ` +
      `${to(enforcing, nothing)} x nothing`,
  ].join("; ");
}

function policyText(level: string, mediation: string, programs: readonly string[]): string {
  return `summary: benchmark
level: ${level}
mediation: ${mediation}
include: [base]
files: [rx ${programs.join(" ")}]
inherit: [stdio]
syscalls: ["@system-service"]
`;
}
