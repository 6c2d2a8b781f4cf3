/** The servers whose answers `lsm.ts` measures, each as one process in the foreground. */
import * as fs from "node:fs";

const FOLDER = "/b/s";
const PAGE_BYTES = 4096;

const nginxConfiguration = `daemon off; master_process off; user root;
pid ${FOLDER}/nginx.pid; error_log ${FOLDER}/error.log;
events { worker_connections 64; }
http {
  access_log ${FOLDER}/access.log;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${FOLDER}/${name};`)
    .join(" ")}
  server { listen 127.0.0.1:8000; root ${FOLDER}/www; }
}
`;
const redisConfiguration = `bind 127.0.0.1
port 8001
dir ${FOLDER}
save ""
appendonly yes
logfile ${FOLDER}/redis.log
`;

export interface Server {
  readonly program: string;
  readonly args: readonly string[];
  readonly port: number;
  /** An operation of `micro`. */
  readonly asked: string;
  readonly what: string;
}

export const servers: readonly Server[] = [
  {
    program: "/usr/sbin/nginx",
    args: ["-e", `${FOLDER}/error.log`, "-c", `${FOLDER}/nginx.conf`],
    port: 8000,
    asked: "page",
    what: "nginx, a page of 4 KiB, a connection each",
  },
  {
    program: "/usr/bin/redis-server",
    args: [`${FOLDER}/redis.conf`],
    port: 8001,
    asked: "set",
    what: "redis SET, append-only file",
  },
];

/** Lines of a policy that lets them work. */
export const serverFiles: readonly string[] = [
  `rwcda ${FOLDER}/**`,
  "r /proc/** /sys/**",
  "r /etc/passwd /etc/group /etc/nsswitch.conf /etc/localtime /etc/ssl/openssl.cnf",
  "rw /dev/null",
];
export const serverNetwork: readonly string[] = servers.map(
  ({ port }) => `listen tcp 127.0.0.1:${port}`,
);

export function makeServerFolders(): void {
  fs.mkdirSync(`${FOLDER}/www`, { recursive: true });
  fs.writeFileSync(`${FOLDER}/www/page`, "x".repeat(PAGE_BYTES));
  fs.writeFileSync(`${FOLDER}/nginx.conf`, nginxConfiguration);
  fs.writeFileSync(`${FOLDER}/redis.conf`, redisConfiguration);
}
