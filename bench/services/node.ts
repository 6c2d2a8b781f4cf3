import * as fs from "node:fs";
import { clone } from "../scratch.ts";
import { makeFolders, type Service, succeeds } from "../service.ts";

const PROGRAM = `${clone}/bench/programs/serve-files.mjs`;
const PAGE_BYTES = 4096;

/** Opens a file for each request, as frameworks that serve a folder do. */
export const node: Service = {
  name: "node",
  modes: ["unconfined", "sealed"],
  needs: ["wrk", "curl"],
  user: "nobody",
  budgets: {},
  prepare(folder) {
    makeFolders(folder, ["www"], null);
    fs.writeFileSync(`${folder}/www/page`, "x".repeat(PAGE_BYTES));
    fs.copyFileSync(PROGRAM, `${folder}/serve-files.mjs`);
  },
  command: (folder, port) => [
    ...[process.execPath, `${folder}/serve-files.mjs`],
    ...[String(port), `${folder}/www`],
  ],
  set: () => ({}),
  policy: (folder, port) => `summary: benchmark
include: [base, accounts, openssl]
files:
  - rx ${process.execPath}
  - r ${folder}/serve-files.mjs ${folder}/www/**
network: [listen tcp ${port}]
memory: [jit]
inherit: [stdio]
syscalls: ["@system-service"]
`,
  ready: (_, port) => succeeds(["curl", "-sfo", "/dev/null", `http://127.0.0.1:${port}/`]),
  loads: [
    {
      what: "Node, 4 KiB file for each request, 16 connections",
      unit: "1/s",
      command: (_, port) => ["wrk", "-t1", "-c16", "-d1s", `http://127.0.0.1:${port}/`],
      throughput: (report) => Number(/Requests\/sec:\s*([\d.]+)/.exec(report)?.[1] ?? 0),
    },
  ],
};
