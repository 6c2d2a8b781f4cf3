import * as fs from "node:fs";
import { type Load, makeFolders, SEALED_BUDGET, type Service, succeeds } from "../service.ts";

/** Length of one round, in seconds. */
const ROUND_S = 1;
const SMALL_BYTES = 4096;
const LARGE_BYTES = 1_048_576;

/**
 * Pages over connections that stay open, and over one connection a request: there accept, open and
 * close weigh most.
 */
export const nginx: Service = {
  name: "nginx",
  modes: ["unconfined", "sealed", "warning", "C at warning"],
  budgets: { sealed: SEALED_BUDGET },
  needs: ["nginx", "wrk", "curl"],
  user: null,
  prepare(folder, port) {
    makeFolders(folder, ["conf", "www", "logs", "state", "run"], null);
    fs.writeFileSync(`${folder}/www/index.html`, "x".repeat(SMALL_BYTES));
    fs.writeFileSync(`${folder}/www/large`, "x".repeat(LARGE_BYTES));
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    fs.writeFileSync(
      `${folder}/conf/nginx.conf`,
      `user www-data; worker_processes 1;
pid ${folder}/run/nginx.pid; error_log ${folder}/logs/error.log;
events { worker_connections 1024; }
http {
  access_log ${folder}/logs/access.log; keepalive_requests 1000000;
  ${temporary.map((name) => `${name}_temp_path ${folder}/state/${name};`).join(" ")}
  server {
    listen 127.0.0.1:${port} backlog=4096; root ${folder}/www;
    location /cached/ { alias ${folder}/www/; open_file_cache max=10; }
  }
}
`,
    );
  },
  command: (folder) => ["/usr/sbin/nginx", "-c", `${folder}/conf/nginx.conf`, "-g", "daemon off;"],
  set: (folder, port) => ({
    configuration: `${folder}/conf`,
    webroot: `${folder}/www`,
    logs: `${folder}/logs`,
    state: `${folder}/state`,
    pid: `${folder}/run/nginx.pid`,
    ports: String(port),
  }),
  ready: (_, port) => succeeds(["curl", "-sfo", "/dev/null", `http://127.0.0.1:${port}/`]),
  loads: [pages(2), pages(64), pages(64, ["-H", "Connection: close"])],
};

/** How files of a site are opened: each time, or once in a minute. */
export const fileLoads: readonly Load[] = [
  pages(64),
  pages(64, [], "/cached/"),
  pages(8, [], "/large"),
  pages(64, ["-H", "Connection: close"]),
];

function pages(connections: number, options: readonly string[] = [], page = "/"): Load {
  const kept = options.length === 0 ? "kept open" : "one a request";
  const size = page === "/large" ? "1 MiB" : "4 KiB";
  const kind = page === "/cached/" ? `${kept}, open_file_cache` : kept;
  const wrk = ["wrk", "-t", "1", "-c", String(connections), "-d", `${ROUND_S}s`, ...options];
  return {
    what: `nginx, ${size} page, ${connections} connections, ${kind}`,
    unit: "1/s",
    command: (_, port) => [...wrk, `http://127.0.0.1:${port}${page}`],
    throughput: (report) => Number(/Requests\/sec:\s*([\d.]+)/.exec(report)?.[1] ?? 0),
  };
}
