import * as net from "node:net";
import { progress } from "./progress.ts";
import { installed, median, type Scratch } from "./scratch.ts";
import { type Load, Running, type Service } from "./service.ts";
import { nginx } from "./services/nginx.ts";
import { postgres } from "./services/postgres.ts";
import { redis } from "./services/redis.ts";
import { type Row, verdict } from "./table.ts";

/** Unconfined, sealed, unconfined, ...: this many of each. */
const ROUNDS = 7;
/** Design: a sealed daemon keeps at least this much of its throughput. */
const BUDGET = 0.98;

/** Throughput of real daemons, both running at once and loaded in turns: the ratio is the median of the rounds' own ratios. */
export async function daemonThroughput(scratch: Scratch): Promise<Row[]> {
  const rows: Row[] = [];
  if (process.getuid?.() !== 0) return [{ what: "daemons", unit: "1/s", figures: {}, note: "measured as root only" }];
  for (const service of [nginx, redis, postgres]) {
    const lacking = service.needs.filter((program) => !installed(program));
    if (lacking.length === 0) rows.push(...(await measured(service, scratch)));
    else rows.push({ what: service.name, unit: "1/s", figures: {}, note: `not installed: ${lacking.join(", ")}` });
  }
  return rows;
}

async function measured(service: Service, scratch: Scratch): Promise<Row[]> {
  const unconfined = await Running.start(service, scratch, await freePort(), false);
  try {
    const sealed = await Running.start(service, scratch, await freePort(), true);
    try {
      return service.loads.map((load) => {
        progress(load.what);
        const pairs = Array.from({ length: ROUNDS }, (_, round) => pair(load, unconfined, sealed, round % 2 === 0));
        const figures = {
          unconfined: median(pairs.map(({ bare }) => bare)),
          sealed: median(pairs.map(({ confined }) => confined)),
        };
        const ratios = pairs.map(({ bare, confined }) => confined / bare);
        // Two loads of an equal daemon differ as widely on a busy machine: the reader must see by how much.
        const spread = `rounds ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
        const note = `${verdict(median(ratios), "unconfined", BUDGET, true)}; ${spread}`;
        return { what: load.what, unit: load.unit, figures, note };
      });
    } finally {
      await sealed.stop();
    }
  } finally {
    await unconfined.stop();
  }
}

/** One round of each, right after each other; who is first changes, for the second finds warmer or busier a machine. */
function pair(load: Load, unconfined: Running, sealed: Running, unconfinedFirst: boolean) {
  if (!unconfinedFirst) {
    const confined = sealed.measure(load);
    return { bare: unconfined.measure(load), confined };
  }
  const bare = unconfined.measure(load);
  return { bare, confined: sealed.measure(load) };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
