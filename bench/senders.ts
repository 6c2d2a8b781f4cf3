import type { Scratch } from "./scratch.ts";
import { dnsmasq } from "./services/dnsmasq.ts";
import { echoes } from "./services/echo.ts";
import { memcached } from "./services/memcached.ts";
import type { Row } from "./table.ts";
import { throughputs } from "./throughput.ts";

/** Many short ones: a busy machine then hits all modes alike. */
const ROUNDS = 11;

/**
 * Throughput of daemons that answer with sendmsg, sendmmsg and sendto, which a filter can only ask
 * about: they carry addresses in memory.
 */
export function senderThroughput(scratch: Scratch): Promise<Row[]> {
  const programs = { ask: scratch.program("ask"), echo: scratch.program("echo") };
  const services = [memcached(programs), dnsmasq(programs), ...echoes(programs)];
  return throughputs(scratch, services, ROUNDS);
}
