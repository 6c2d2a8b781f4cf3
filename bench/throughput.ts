import * as net from "node:net";
import { progress } from "./progress.ts";
import { installed, median, type Scratch } from "./scratch.ts";
import { type Load, type Mode, NotRunning, Running, type Service } from "./service.ts";
import { type Row, rootOnly, verdict } from "./table.ts";

export type Budgets = Service["budgets"];

/** Throughput of all modes, right after each other. */
export type Round = Readonly<Partial<Record<Mode, number>>>;

const MODES: readonly Mode[] = [
  "unconfined",
  "sealed",
  "brokered",
  "late names sealed",
  "late names brokered",
  "late names brokered-blocking",
  "warning",
  "C at warning",
  "enforcing",
  "user",
  "C as user",
];

/**
 * Throughput of real daemons, those of all modes running at once and loaded in turns: a ratio is
 * the median of the rounds' own ratios.
 */
export async function throughputs(
  scratch: Scratch,
  services: readonly Service[],
  rounds: number,
): Promise<Row[]> {
  if (process.getuid?.() !== 0) return [rootOnly("daemons", "1/s")];
  const rows: Row[] = [];
  for (const service of services) {
    const lacking = service.needs.filter((program) => !installed(program));
    if (lacking.length === 0) rows.push(...(await measured(service, scratch, rounds)));
    else rows.push(notInstalled(service.name, lacking));
  }
  return rows;
}

function notInstalled(what: string, lacking: readonly string[]): Row {
  return { what, unit: "1/s", figures: {}, note: `not installed: ${lacking.join(", ")}` };
}

async function measured(service: Service, scratch: Scratch, rounds: number): Promise<Row[]> {
  const daemons: Running[] = [];
  const failures: string[] = [];
  try {
    for (const mode of service.modes) {
      const daemon = await started(service, scratch, mode);
      if (daemon instanceof Running) daemons.push(daemon);
      else failures.push(`${mode}: ${daemon.message}`);
    }
    return service.loads.map((load) => {
      progress(load.what);
      const figures = Array.from({ length: rounds }, (_, round) => loaded(load, daemons, round));
      return throughputRow(load, figures, service.budgets, failures);
    });
  } finally {
    for (const daemon of daemons) await daemon.stop();
  }
}

async function started(
  service: Service,
  scratch: Scratch,
  mode: Mode,
): Promise<Running | NotRunning> {
  try {
    return await Running.start(service, scratch, await freePort(), mode);
  } catch (cause) {
    // An unconfined daemon that does not start says nothing about domains.
    if (cause instanceof NotRunning && mode !== "unconfined") return cause;
    throw cause;
  }
}

/** The order alternates, because the second one finds warmer caches or a busier machine. */
function loaded(load: Load, daemons: readonly Running[], round: number): Round {
  const turn = round % daemons.length;
  const inTurn = [...daemons.slice(turn), ...daemons.slice(0, turn)];
  return Object.fromEntries(inTurn.map((daemon) => [daemon.mode, daemon.measure(load)]));
}

/**
 * Medians of the rounds, and for each mode beside `unconfined` its ratio with the spread.
 * `failures`: modes that could not be measured, and why.
 */
export function throughputRow(
  { what, unit }: Pick<Load, "what" | "unit">,
  rounds: readonly Round[],
  budgets: Budgets,
  failures: readonly string[] = [],
): Row {
  const modes = MODES.filter((mode) => rounds[0]?.[mode] !== undefined);
  const figures = Object.fromEntries(
    modes.map((mode) => [mode, median(rounds.map((round) => round[mode] ?? 0))]),
  );
  const notes = modes.slice(1).map((mode) => {
    const ratios = rounds.map((round) => (round[mode] ?? 0) / (round.unconfined ?? 0));
    // Two loads of an equal daemon differ as widely on a busy machine: the reader must see by how
    // much.
    const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    const ratio = median(ratios);
    const budget = budgets[mode];
    const judged =
      budget === undefined
        ? `${ratio.toFixed(2)} x unconfined`
        : verdict(ratio, "unconfined", budget, true);
    return `${mode} ${judged}, rounds ${spread}`;
  });
  return { what, unit, figures, note: [...notes, ...failures].join("; ") };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
