import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { freePort } from "../support/free-port.ts";
import { scratchFolder } from "../support/scratch.ts";
import { Daemon } from "./daemon.ts";
import type { PrivateHost } from "./private-host.ts";
import type { Way } from "./way.ts";

const program = "/usr/sbin/nginx";
export const nginxInstalled = fs.existsSync(program);

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Debian's nginx on a site, a configuration and logs of the test's own. */
export class Nginx {
  readonly folder = scratchFolder("nginx", { mode: PUBLIC_FOLDER });
  readonly uid: number | undefined;
  port = 0;
  /** Left out: the host itself. */
  host: PrivateHost | undefined;
  /** Something that listens, which no grant names. */
  upstream = 1;

  constructor(uid?: number) {
    this.uid = uid;
    for (const name of ["conf", "www", "logs", "state", "run", "elsewhere"])
      fs.mkdirSync(this.at(name));
    fs.writeFileSync(this.at("www/index.html"), "the page\n");
    for (const name of ["secret", "extra"])
      fs.writeFileSync(this.at(`elsewhere/${name}`), `the ${name}\n`);
    for (const name of uid === undefined ? [] : ["", "conf", "logs", "state", "run"]) {
      fs.chownSync(this.at(name), uid ?? 0, uid ?? 0);
    }
  }

  at(name: string): string {
    return path.join(this.folder, name);
  }

  async start({ way = "sealed" as Way | null, user = "www-data" } = {}): Promise<Daemon> {
    if (this.port === 0 || this.host === undefined) this.port = await freePort();
    fs.writeFileSync(this.at("conf/nginx.conf"), this.#configuration(user));
    const daemon = this.launch(way);
    await daemon.until("nginx serves", () => this.#serves());
    return daemon;
  }

  async #serves(): Promise<boolean> {
    try {
      await this.get("/");
      return true;
    } catch (error) {
      // It does not listen yet.
      if (error instanceof Error && "code" in error && error.code === "ECONNREFUSED") return false;
      throw error;
    }
  }

  /**
   * `way` null: unconfined. Starts it on the configuration that is there, and waits for nothing.
   */
  launch(way: Way | null = "sealed"): Daemon {
    return new Daemon({
      folder: this.folder,
      command: [program, "-c", this.at("conf/nginx.conf"), "-g", "daemon off;"],
      domain: way === null ? null : { name: "nginx", set: this.vars(), way },
      ...(this.uid === undefined ? {} : { uid: this.uid }),
      ...(this.host === undefined ? {} : { host: this.host }),
    });
  }

  /** The files that load/http.c asks for. */
  fill(): void {
    fs.writeFileSync(this.at("www/small"), patternOf("/small", 1_000));
    fs.writeFileSync(this.at("www/large"), patternOf("/large", 200_000));
    fs.mkdirSync(this.at("state/own"));
    execFileSync("chown", ["www-data:", this.at("state/own")]);
  }

  /** Values of the shipped policy's variables. */
  vars(): Record<string, string> {
    return {
      configuration: this.at("conf"),
      webroot: this.at("www"),
      logs: this.at("logs"),
      state: this.at("state"),
      pid: this.at("run/nginx.pid"),
      ports: String(this.port),
    };
  }

  /** One request on a connection of its own. */
  get(target: string, body = ""): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = {
        port: this.port,
        path: target,
        method: body === "" ? "GET" : "POST",
        agent: false,
      };
      const request = http.request({ host: "127.0.0.1", ...options }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      });
      request.on("error", reject).end(body);
    });
  }

  #configuration(user: string): string {
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    return `${this.uid === undefined ? `user ${user};` : ""}
worker_processes 2;
pid ${this.at("run/nginx.pid")};
error_log ${this.at("logs/error.log")} notice;
events { worker_connections 128; }
http {
  access_log ${this.at("logs/access.log")};
  keepalive_requests 1000000000;
  ${temporary.map((name) => `${name}_temp_path ${this.at(`state/${name}`)};`).join(" ")}
  server {
    listen 127.0.0.1:${this.port};
    root ${this.at("www")};
    location /upstream {
      client_body_in_file_only on; proxy_pass http://127.0.0.1:${this.upstream};
    }
    location /secret { alias ${this.at("elsewhere/secret")}; }
    location /shadow { alias /etc/shadow; }
    location /extra { alias ${this.at("elsewhere/extra")}; }
    location /own/ { root ${this.at("state")}; dav_methods PUT DELETE; client_max_body_size 1m; }
  }
}
`;
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A server outside the domain that counts its visitors. */
export async function upstreamServer(): Promise<{
  port: number;
  reached: () => number;
  close: () => void;
}> {
  let count = 0;
  const server = http.createServer((request, response) => {
    count++;
    // A server that answers before the body has arrived may reset the connection under it.
    request.resume().on("end", () => response.end("from the upstream"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { port, reached: () => count, close: () => server.close() };
}

/** The bytes that load/http.c expects of the file `name`. */
function patternOf(name: string, size: number): Buffer {
  const last = name.charCodeAt(name.length - 1);
  return Buffer.from(
    Array.from({ length: size }, (_, at) => 97 + ((at * 31 + Math.floor(at / 257) + last) % 26)),
  );
}
