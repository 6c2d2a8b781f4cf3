import * as fs from "node:fs";
import { type Load, makeFolders, SEALED_BUDGET, type Service, succeeds } from "../service.ts";

const CLIENTS = 20;

/** In memory, and with every write in the append-only file. */
export const redis: Service = {
  name: "redis-server",
  modes: ["unconfined", "sealed", "warning"],
  budgets: { sealed: SEALED_BUDGET },
  needs: ["redis-server", "redis-benchmark", "redis-cli"],
  user: "redis",
  prepare(folder, port) {
    makeFolders(folder, ["conf", "data", "logs", "run"], "redis");
    fs.writeFileSync(
      `${folder}/conf/redis.conf`,
      `bind 127.0.0.1
port ${port}
dir ${folder}/data
logfile ${folder}/logs/redis.log
appendonly yes
`,
    );
  },
  command: (folder) => ["/usr/bin/redis-server", `${folder}/conf/redis.conf`],
  set: (folder, port) => ({
    configuration: `${folder}/conf`,
    data: `${folder}/data`,
    logs: `${folder}/logs`,
    run: `${folder}/run`,
    port: String(port),
  }),
  ready: (_, port) => succeeds(["redis-cli", "-p", String(port), "PING"]),
  loads: [requests("get", 60_000), requests("set", 60_000)],
};

function requests(operation: string, count: number): Load {
  return {
    what: `redis ${operation.toUpperCase()}, ${CLIENTS} clients`,
    unit: "1/s",
    command: (_, port) => [
      "redis-benchmark",
      ...["-p", String(port), "-t", operation, "-n", String(count)],
      ...["-c", String(CLIENTS), "--csv"],
    ],
    throughput: (report) =>
      Number(new RegExp(`"${operation}","([\\d.]+)"`, "i").exec(report)?.[1] ?? 0),
  };
}
