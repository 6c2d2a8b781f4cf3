import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import {
  asUser,
  type Load,
  makeFolders,
  SEALED_BUDGET,
  type Service,
  succeeds,
} from "../service.ts";

/** Length of one round, in seconds. */
const ROUND_S = 2;
const versions = "/usr/lib/postgresql";
const newest = fs.existsSync(versions)
  ? (fs.readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0] ?? "")
  : "";
const binary = (name: string) => `${versions}/${newest}/bin/${name}`;
const client = (folder: string, port: number) => [
  "-h",
  `${folder}/run`,
  "-p",
  String(port),
  "-U",
  "postgres",
];

export const postgres: Service = {
  name: "postgres",
  modes: ["unconfined", "sealed"],
  budgets: { sealed: SEALED_BUDGET },
  needs: [binary("postgres"), binary("pgbench")],
  user: "postgres",
  prepare(folder) {
    makeFolders(folder, ["conf", "data", "logs", "run"], "postgres");
    const initdb = [
      binary("initdb"),
      "-D",
      `${folder}/data`,
      "-A",
      "trust",
      "-N",
      "--no-instructions",
    ];
    const [program = "", ...args] = [...asUser("postgres"), ...initdb];
    execFileSync(program, args, { cwd: "/", stdio: ["ignore", "ignore", "inherit"] });
  },
  command(folder, port) {
    const settings = [`unix_socket_directories=${folder}/run`, "dynamic_shared_memory_type=sysv"];
    return [
      binary("postgres"),
      "-D",
      `${folder}/data`,
      "-p",
      String(port),
      ...settings.flatMap((one) => ["-c", one]),
    ];
  },
  set: (folder, port) => ({
    configuration: `${folder}/conf`,
    data: `${folder}/data`,
    logs: `${folder}/logs`,
    run: `${folder}/run`,
    port: String(port),
  }),
  // Ready is: it answers, and the tables of pgbench are there.
  ready: (folder, port) =>
    succeeds([binary("pgbench"), ...client(folder, port), "-i", "-q", "postgres"]),
  loads: [transactions("pgbench, read only", ["-S"]), transactions("pgbench, TPC-B", [])],
};

/** A connection that stays, and one for each transaction. */
export const connectionLoads: readonly Load[] = [
  transactions("pgbench, read only", ["-S"]),
  transactions("pgbench, read only, connection each", ["-S", "-C"]),
];

function transactions(what: string, options: readonly string[]): Load {
  return {
    what: `${what}, 2 clients`,
    unit: "1/s",
    command(folder, port) {
      return [
        binary("pgbench"),
        ...client(folder, port),
        "-n",
        "-c",
        "2",
        "-T",
        String(ROUND_S),
        ...options,
        "postgres",
      ];
    },
    throughput: (report) => Number(/tps = ([\d.]+)/.exec(report)?.[1] ?? 0),
  };
}
