import * as net from "node:net";
import { progress } from "./progress.ts";
import { installed, median, type Scratch } from "./scratch.ts";
import { type Load, type Mode, Running, type Service } from "./service.ts";
import { nginx } from "./services/nginx.ts";
import { postgres } from "./services/postgres.ts";
import { redis } from "./services/redis.ts";
import { type Row, verdict } from "./table.ts";

/**
 * Rounds of all modes, right after each other; who is first changes, for the next finds warmer or
 * busier a machine.
 */
const ROUNDS = 7;
/**
 * Design: a sealed daemon keeps at least this much of its throughput. At level warning every
 * notified call has its price.
 */
const BUDGET = 0.98;

/**
 * Throughput of real daemons, all running at once and loaded in turns: a ratio is the median of the
 * rounds' own ratios.
 */
export async function daemonThroughput(scratch: Scratch): Promise<Row[]> {
  const rows: Row[] = [];
  if (process.getuid?.() !== 0)
    return [{ what: "daemons", unit: "1/s", figures: {}, note: "measured as root only" }];
  for (const service of [nginx, redis, postgres]) {
    const lacking = service.needs.filter((program) => !installed(program));
    if (lacking.length === 0) rows.push(...(await measured(service, scratch)));
    else
      rows.push({
        what: service.name,
        unit: "1/s",
        figures: {},
        note: `not installed: ${lacking.join(", ")}`,
      });
  }
  return rows;
}

async function measured(service: Service, scratch: Scratch): Promise<Row[]> {
  const daemons: Running[] = [];
  try {
    for (const mode of service.modes)
      daemons.push(await Running.start(service, scratch, await freePort(), mode));
    return service.loads.map((load) => {
      progress(load.what);
      return row(
        load,
        Array.from({ length: ROUNDS }, (_, round) => loaded(load, daemons, round)),
      );
    });
  } finally {
    for (const daemon of daemons) await daemon.stop();
  }
}

type Round = Readonly<Partial<Record<Mode, number>>>;

function loaded(load: Load, daemons: readonly Running[], round: number): Round {
  const turn = round % daemons.length;
  const inTurn = [...daemons.slice(turn), ...daemons.slice(0, turn)];
  return Object.fromEntries(inTurn.map((daemon) => [daemon.mode, daemon.measure(load)]));
}

function row({ what, unit }: Load, rounds: readonly Round[]): Row {
  const modes = (["unconfined", "sealed", "warning"] as const).filter(
    (mode) => rounds[0]?.[mode] !== undefined,
  );
  const figures = Object.fromEntries(
    modes.map((mode) => [mode, median(rounds.map((round) => round[mode] ?? 0))]),
  );
  const notes = modes.slice(1).map((mode) => {
    const ratios = rounds.map((round) => (round[mode] ?? 0) / (round.unconfined ?? 0));
    // Two loads of an equal daemon differ as widely on a busy machine: the reader must see by how
    // much.
    const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    const ratio = median(ratios);
    if (mode === "sealed")
      return `sealed ${verdict(ratio, "unconfined", BUDGET, true)}, rounds ${spread}`;
    return `${mode} ${ratio.toFixed(2)} x unconfined, rounds ${spread}`;
  });
  return { what, unit, figures, note: notes.join("; ") };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
