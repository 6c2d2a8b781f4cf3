import type { Scratch } from "./scratch.ts";
import type { Mode, Service } from "./service.ts";
import { dnsmasq } from "./services/dnsmasq.ts";
import { memcached } from "./services/memcached.ts";
import { mosquitto } from "./services/mosquitto.ts";
import { fileLoads, nginx } from "./services/nginx.ts";
import { node } from "./services/node.ts";
import { connectionLoads, postgres } from "./services/postgres.ts";
import { redis } from "./services/redis.ts";
import type { Row } from "./table.ts";
import { throughputs } from "./throughput.ts";

const ROUNDS = 7;
const MODES: readonly Mode[] = [
  "unconfined",
  "late names sealed",
  "late names brokered",
  "late names brokered-blocking",
];

/** Throughput of daemons in a sealed domain, without and with the notification of opens. */
export function lateNameThroughput(scratch: Scratch): Promise<Row[]> {
  const programs = { ask: scratch.program("ask"), echo: scratch.program("echo") };
  const services: readonly Service[] = [
    { ...nginx, loads: fileLoads },
    node,
    { ...postgres, loads: connectionLoads },
    mosquitto,
    redis,
    memcached(programs),
    dnsmasq(programs),
  ];
  const measured = services.map((service) => ({ ...service, modes: MODES, budgets: {} }));
  return throughputs(scratch, measured, ROUNDS);
}
