import type { Scratch } from "./scratch.ts";
import { nginx } from "./services/nginx.ts";
import { postgres } from "./services/postgres.ts";
import { redis } from "./services/redis.ts";
import type { Row } from "./table.ts";
import { throughputs } from "./throughput.ts";

const ROUNDS = 7;

/** Throughput of the daemons with shipped domains. */
export function daemonThroughput(scratch: Scratch): Promise<Row[]> {
  return throughputs(scratch, [nginx, redis, postgres], ROUNDS);
}
