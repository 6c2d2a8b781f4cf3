import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { freePort } from "../support/free-port.ts";
import { Daemon, descendants } from "./daemon.ts";
import { type Counts, Load } from "./load.ts";
import { Nginx } from "./nginx.ts";
import { PrivateHost } from "./private-host.ts";
import { policyText, type Way } from "./way.ts";

const versions = "/usr/lib/postgresql";
const version = fs.existsSync(versions)
  ? fs.readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0]
  : undefined;
const binary = (name: string) => path.join(versions, version ?? "none", "bin", name);
/** Why the test cannot run; null where it can. */
export const lacking =
  ["/usr/sbin/nginx", "/usr/bin/redis-server", binary("postgres")].find(
    (file) => !fs.existsSync(file),
  ) ?? null;

/**
 * nginx, redis and postgres in their domains, on a host of their own, and the clients that keep
 * them busy.
 */
export class BusyHost {
  readonly host: PrivateHost;
  readonly nginx = new Nginx();
  readonly #ports: { readonly redis: number; readonly postgres: number };
  readonly #daemons: Daemon[] = [];
  #loads: Load[] = [];
  #bench: Promise<string | null> | null = null;
  #over = false;

  private constructor(
    host: PrivateHost,
    ports: { redis: number; postgres: number; nginx: number },
  ) {
    this.host = host;
    this.#ports = ports;
    this.nginx.host = host;
    this.nginx.port = ports.nginx;
    this.nginx.fill();
  }

  static async start(): Promise<BusyHost> {
    const ports = { redis: await freePort(), postgres: await freePort(), nginx: await freePort() };
    return new BusyHost(await PrivateHost.start(), ports);
  }

  /** `more`: lines of nginx's policy. */
  policies(way: Way, more = ""): void {
    const text = policyText("nginx", way, this.nginx.vars()).replace(/^files:$/m, `files:${more}`);
    this.host.policy("nginx", text);
    for (const name of ["redis-server", "postgres"] as const)
      this.host.policy(name, policyText(name, way, this.#vars(name)));
  }

  async startDaemons(): Promise<void> {
    this.#daemons.push(await this.nginx.start());
    this.#daemons.push(await this.#startRedis(), await this.#startPostgres());
  }

  /**
   * Every process that runs in the domains for longer than a request, and its start time: a
   * restarted process is another one.
   */
  processes(): string[] {
    const all = this.#daemons.flatMap(({ pid }) => [pid, ...descendants(pid)]).map(commandAndStart);
    const lasting =
      /^(nginx: (master|worker)|\S*redis-server |\S*postgres -D|postgres: (checkpointer|background writer|walwriter))/;
    // A child of redis is called as its parent while it begins.
    return all.filter(
      (text, at) =>
        lasting.test(text) && (at === 0 || !isRedis(text) || !isRedis(all[at - 1] ?? "")),
    );
  }

  busy(connections = 2): void {
    this.#over = false;
    this.#loads = [
      new Load(this.host.folder, "http", this.nginx.port, connections),
      new Load(this.host.folder, "redis", this.#ports.redis, connections),
    ];
    this.#bench = this.#benchmark();
  }

  /** Ends the load; throws when an answer was wrong. */
  async quiet(): Promise<{ http: Counts; redis: Counts }> {
    this.#over = true;
    const [http, redis] = await Promise.all(this.#loads.splice(0).map((load) => load.finish()));
    const problem = await this.#bench;
    if (problem !== null) throw new Error(problem);
    // What every transaction of pgbench changes by the same amount.
    const sums =
      "(select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history)";
    const answer = this.sql(`select count(*) > 0 and ${sums} from pgbench_history`);
    if (answer !== "t") throw new Error(`the sums of pgbench differ: ${answer}`);
    return { http: http ?? {}, redis: redis ?? {} };
  }

  sql(statement: string): string {
    const { stdout, stderr } = this.#client("psql", "-X", "-A", "-t", "-q", "-c", statement);
    return (stderr + stdout).trim();
  }

  async close(): Promise<void> {
    for (const load of this.#loads) load.close();
    this.#over = true;
    for (const daemon of this.#daemons) await daemon.close();
    await this.host.close();
    this.nginx.remove();
  }

  /** What went wrong, if it still matters. */
  async #benchmark(): Promise<string | null> {
    while (!this.#over) {
      // -C: every transaction has a connection of its own, and so a process of its own.
      const args = [
        "-h",
        this.host.at("postgres/run"),
        "-p",
        String(this.#ports.postgres),
        "-U",
        "postgres",
      ];
      const bench = spawn("pgbench", [...args, "-n", "-C", "-c", "2", "-t", "10", "postgres"], {
        cwd: "/",
      });
      let output = "";
      for (const stream of [bench.stdout, bench.stderr])
        stream.on("data", (text) => {
          output += text;
        });
      const [status] = await once(bench, "close");
      if (status !== 0 || !output.includes("actually processed: 20/20"))
        return `pgbench: ${status}\n${output}`;
    }
    return null;
  }

  async #startRedis(): Promise<Daemon> {
    const at = this.#folders("redis");
    const lines = [
      "bind 127.0.0.1",
      `port ${this.#ports.redis}`,
      `dir ${at("data")}`,
      `logfile ${at("logs/redis.log")}`,
    ];
    // It forks, writes a file and renames it about every second.
    lines.push("daemonize no", "appendonly yes", "save 1 1", "stop-writes-on-bgsave-error no");
    fs.writeFileSync(at("conf/redis.conf"), `${lines.join("\n")}\n`);
    const command = ["/usr/bin/redis-server", at("conf/redis.conf")];
    const daemon = new Daemon({
      folder: at(""),
      command,
      domain: { name: "redis-server", set: {} },
      host: this.host,
    });
    const answers = () =>
      spawnSync("redis-cli", ["-p", String(this.#ports.redis), "PING"], { encoding: "utf8" });
    await daemon.until("redis answers", () => answers().stdout === "PONG\n");
    return daemon;
  }

  async #startPostgres(): Promise<Daemon> {
    const at = this.#folders("postgres");
    const user = ["--reuid", "postgres", "--regid", "postgres", "--init-groups", binary("initdb")];
    execFileSync("setpriv", [...user, "-D", at("data"), "-A", "trust", "-N", "--no-instructions"], {
      stdio: "ignore",
      cwd: "/",
    });
    const settings = [
      `unix_socket_directories=${at("run")}`,
      "dynamic_shared_memory_type=sysv",
      "shared_buffers=16MB",
      "listen_addresses=",
    ];
    const options = [...settings, "fsync=off"].flatMap((setting) => ["-c", setting]);
    const command = [
      binary("postgres"),
      "-D",
      at("data"),
      "-p",
      String(this.#ports.postgres),
      ...options,
    ];
    const daemon = new Daemon({
      folder: at(""),
      command,
      domain: { name: "postgres", set: {} },
      host: this.host,
    });
    await daemon.until("postgres answers", () => this.sql("select 1") === "1");
    const made = this.#client("pgbench", "-i", "-q");
    if (made.status !== 0) throw new Error(made.stderr);
    return daemon;
  }

  #client(program: string, ...args: string[]) {
    const connection = [
      "-h",
      this.host.at("postgres/run"),
      "-p",
      String(this.#ports.postgres),
      "-U",
      "postgres",
    ];
    return spawnSync(program, [...connection, ...args, "postgres"], { encoding: "utf8", cwd: "/" });
  }

  #vars(name: "redis-server" | "postgres"): Record<string, string> {
    const daemon = name === "postgres" ? "postgres" : "redis";
    const places = ["configuration", "data", "logs", "run"].map((one) => [
      one,
      this.host.at(`${daemon}/${one.slice(0, 4)}`),
    ]);
    return { ...Object.fromEntries(places), port: `"${this.#ports[daemon]}"` };
  }

  #folders(daemon: "redis" | "postgres"): (name: string) => string {
    const at = (name: string) => this.host.at(path.join(daemon, name));
    for (const name of ["conf", "data", "logs", "run"]) {
      fs.mkdirSync(at(name), { recursive: true });
      execFileSync("chown", [`${daemon}:`, at(name)]);
    }
    return at;
  }
}

const isRedis = (text: string): boolean => /^\S*redis-/.test(text);

function commandAndStart(pid: number): string {
  try {
    const command = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    const start = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19];
    return `${command.slice(0, 60)} ${pid} ${start}`;
  } catch {
    return "gone"; // A backend whose client has what it wanted.
  }
}
