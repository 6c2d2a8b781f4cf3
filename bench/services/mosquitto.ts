import * as fs from "node:fs";
import { clone } from "../scratch.ts";
import { makeFolders, type Service, succeeds } from "../service.ts";

const PROGRAM = "/usr/sbin/mosquitto";
/** Length of one round, in milliseconds. */
const ROUND_MS = 1_000;
const CONNECTS = `${clone}/bench/programs/mqtt-connects.mjs`;

/** Debian's reads hosts.allow and hosts.deny at each connection. */
export const mosquitto: Service = {
  name: "mosquitto",
  modes: ["unconfined", "sealed"],
  needs: [PROGRAM],
  user: null,
  budgets: {},
  prepare(folder, port) {
    makeFolders(folder, ["conf", "data", "logs", "run"], "mosquitto");
    const lines = [`listener ${port} 127.0.0.1`, "allow_anonymous true", "user mosquitto"];
    fs.writeFileSync(`${folder}/conf/mosquitto.conf`, `${lines.join("\n")}\n`);
  },
  command: (folder) => [PROGRAM, "-c", `${folder}/conf/mosquitto.conf`],
  set: (folder, port) => ({
    configuration: `${folder}/conf`,
    data: `${folder}/data`,
    logs: `${folder}/logs`,
    run: `${folder}/run`,
    ports: String(port),
  }),
  ready: (_, port) => succeeds([process.execPath, CONNECTS, String(port), "1"]),
  loads: [
    {
      what: "mosquitto, connections one after the other",
      unit: "1/s",
      command: (_, port) => [process.execPath, CONNECTS, String(port), String(ROUND_MS)],
      throughput: Number,
    },
  ],
};
