import { execFile, execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { freePort } from "../support/free-port.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { Daemon, uidsOf } from "./daemon.ts";
import { type Way, ways } from "./way.ts";

const versions = "/usr/lib/postgresql";
const version = fs.existsSync(versions)
  ? fs.readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0]
  : undefined;
const binary = (name: string) => path.join(versions, version ?? "none", "bin", name);

/**
 * Refused in ordinary operation, and told: postgres does without, and granting either would open
 * all of /proc.
 */
const known = ["name read /proc/meminfo", "name read /proc/sys/kernel/cap_last_cap"];

/** How long one command of a client may take, in milliseconds. */
const CLIENT_TIMEOUT_MS = 60_000;

let folder: string;
let port: number;
let daemon: Daemon | null = null;
const at = (name: string) => path.join(folder, name);

beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, fs.existsSync(binary("postgres")), "postgresql is not installed");
});
beforeAll(() => {
  folder = scratchFolder("postgres", { mode: PUBLIC_FOLDER });
  if (process.getuid?.() !== 0 || !fs.existsSync(binary("initdb"))) return;
  for (const name of ["conf", "data", "logs", "run", "elsewhere"]) {
    fs.mkdirSync(at(name));
    execFileSync("chown", ["postgres:postgres", at(name)]);
  }
  fs.writeFileSync(at("elsewhere/secret"), "the secret\n");
  asPostgres(binary("initdb"), "-D", at("data"), "-A", "trust", "-N", "--no-instructions");
});
afterEach(async () => {
  await daemon?.close();
  daemon = null;
});

const user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"];

function asPostgres(...command: string[]): void {
  const [program = "", ...args] = [...user, ...command];
  execFileSync(program, args, { cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
}

async function start({ way = "sealed" as Way | null, data = "data" } = {}): Promise<Daemon> {
  port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: at("run"),
    shared_buffers: "16MB",
    max_connections: "20",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const command = [binary("postgres"), "-D", at(data), "-p", String(port), ...options];
  const set = {
    configuration: at("conf"),
    data: at("data"),
    logs: at("logs"),
    run: at("run"),
    port: String(port),
  };
  const started = new Daemon({
    folder,
    command: way !== null ? command : [...user, ...command],
    domain: way === null ? null : { name: "postgres", set, way },
  });
  daemon = started;
  if (data === "data") await started.until("postgres answers", () => sql("select 1") === "1");
  return started;
}

/** The error that psql prints, else the last line of its answer. */
function sql(...commands: string[]): string {
  const args = commands.flatMap((command) => ["-c", command]);
  const { stdout, stderr } = client("psql", "-X", "-A", "-t", "-q", ...args);
  return stderr.trim() || (stdout.trim().split("\n").at(-1) ?? "");
}

function client(program: string, ...args: string[]) {
  const connection = ["-h", at("run"), "-p", String(port), "-U", "postgres"];
  return spawnSync(binary(program), [...connection, ...args, "postgres"], {
    encoding: "utf8",
    cwd: "/",
    timeout: CLIENT_TIMEOUT_MS,
  });
}

test.each(ways)(
  "postgres (%s) checkpoints, sorts on disk, works in parallel, runs pgbench, stops, " +
    "within its grants",
  async (way) => {
    const first = await start({ way });
    expect(new Set(uidsOf(first.pid))).toEqual(
      new Set([Number(execFileSync("id", ["-u", "postgres"]))]),
    );
    expect(fs.readFileSync(at("data/postmaster.pid"), "utf8").split("\n")[0]).toBe(
      String(first.pid),
    );

    expect(sql("create table t as select i, md5(i::text) m from generate_series(1, 50000) i")).toBe(
      "",
    );
    expect(sql("checkpoint")).toBe("");
    const segment = sql("select pg_walfile_name(pg_current_wal_lsn())");
    sql("select pg_switch_wal()", "insert into t values (0, '')");
    expect(sql("select pg_walfile_name(pg_current_wal_lsn())")).not.toBe(segment);

    const sort = "explain (analyze, costs off) select m from t order by m";
    expect(client("psql", "-c", "set work_mem = '64kB'", "-c", sort).stdout).toContain(
      "external merge  Disk",
    );
    const free = ["parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"];
    const scan = "explain (analyze, costs off) select count(*) from t where m like '%ff%'";
    const parallel = client(
      "psql",
      "-c",
      free.map((name) => `set ${name} = 0;`).join(" "),
      "-c",
      scan,
    );
    expect(parallel.stdout).toContain("Workers Launched: 2");

    expect(client("pgbench", "-i", "-q").stderr).toContain("done in");
    const bench = client("pgbench", "-c", "4", "-t", "250");
    expect(bench.stdout).toContain("number of transactions actually processed: 1000/1000");
    expect(sql("create index on t (m)", "vacuum full t", "select count(*) from t")).toBe("50001");
    expect(sql("create database other")).toBe("");
    expect(sql("drop database other")).toBe("");
    expect(sql("create extension pgcrypto", "select length(gen_random_bytes(8))")).toBe("8");
    expect(sql("drop extension pgcrypto", "drop table t")).toBe("");
    expect(sql("select pg_reload_conf()")).toBe("t");

    first.signal("SIGTERM");
    expect(await first.ended(), "a smart shutdown").toBe(0);
    expect(first.output).toContain("database system is shut down");
    expect(fs.existsSync(at("data/postmaster.pid"))).toBe(false);
    expect(await first.denials()).toEqual(known);
  },
);

test.each(["sealed", "supervised"] as const)("postgres (%s) recovers from a crash", async (way) => {
  const first = await start({ way });
  sql("drop table if exists kept");
  sql("create table kept as select 42 as answer", "checkpoint", "insert into kept values (43)");
  const backend = Number(sql("select pid from pg_stat_activity where backend_type = 'walwriter'"));
  process.kill(backend, "SIGKILL");
  await first.until("it has started all processes anew", () =>
    first.output.includes("all server processes terminated"),
  );
  await first.until("postgres answers again", () => sql("select sum(answer) from kept") === "85");
  first.signal("SIGINT");
  expect(await first.ended(), "a fast shutdown").toBe(0);
  expect(await first.denials()).toEqual(known);
});

test("an attack through postgres fails in the domain, and is logged", async () => {
  let reached = 0;
  const other = net.createServer((socket) => socket.destroy());
  other.on("connection", () => reached++);
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port: elsewhere } = other.address() as net.AddressInfo;
  const planted = async () => {
    const program = sql(`copy (select 1) to program 'cat > ${at("elsewhere/by-shell")}'`);
    const read = sql(`select pg_read_file('${at("elsewhere/secret")}')`);
    const write = sql(`copy (select 'x') to '${at("elsewhere/by-copy")}'`);
    const shadow = sql("select pg_read_file('/etc/shadow')");
    return { program, read, write, shadow, connect: await subscribe(elsewhere) };
  };
  try {
    const bare = await start({ way: null });
    const without = await planted();
    expect([without.program, without.read, without.write]).toEqual(["", "the secret", ""]);
    expect(fs.readdirSync(at("elsewhere")).sort()).toEqual(["by-copy", "by-shell", "secret"]);
    await bare.until("it reaches the other server", () => reached > 0);
    bare.signal("SIGTERM");
    expect(await bare.ended()).toBe(0);

    for (const name of ["by-copy", "by-shell"]) fs.rmSync(at(`elsewhere/${name}`));
    reached = 0;
    const sealed = await start();
    const within = await planted();
    // A shell starts, and may write no other files than the server.
    expect(within.program).toMatch(/by-shell" failed/);
    for (const text of [within.read, within.shadow, within.write, within.connect])
      expect(text).toMatch(/Permission denied/);
    expect(fs.readdirSync(at("elsewhere"))).toEqual(["secret"]);
    expect(sql("select 1"), "the service goes on").toBe("1");
    sealed.signal("SIGTERM");
    expect(await sealed.ended()).toBe(0);
    expect(reached).toBe(0);
    // The server as a client looks up its own home, and glibc asks nscd first.
    const asClient = [...known, "name connect /var/run/nscd/socket"];
    const denials = (await sealed.denials()).filter((denial) => !asClient.includes(denial));
    expect(denials).toEqual(
      [
        `address connect tcp 127.0.0.1:${elsewhere}`,
        ...["by-copy", "by-shell"].flatMap((name) => [
          `name create ${at(`elsewhere/${name}`)}`,
          `name write ${at(`elsewhere/${name}`)}`,
        ]),
        `name read ${at("elsewhere/secret")}`,
      ].sort(),
    );
  } finally {
    other.close();
  }
});

/**
 * Lets the server itself connect somewhere. Not waited for synchronously: this process is the other
 * end.
 */
function subscribe(to: number): Promise<string> {
  const statement =
    `create subscription s connection 'host=127.0.0.1 port=${to} ` +
    "gssencmode=disable' publication p";
  const args = [
    "-h",
    at("run"),
    "-p",
    String(port),
    "-U",
    "postgres",
    "-X",
    "-q",
    "-c",
    statement,
    "postgres",
  ];
  return new Promise((resolve) => {
    execFile(binary("psql"), args, { cwd: "/", timeout: CLIENT_TIMEOUT_MS }, (_, __, stderr) =>
      resolve(stderr),
    );
  });
}

test("its exit status is passed on", async () => {
  const nowhere = await start({ data: "conf" });
  expect(await nowhere.ended()).toBe(2);
  expect(nowhere.output).toContain("could not access the server configuration file");
});
