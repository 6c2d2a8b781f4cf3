import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PUBLIC_FOLDER, PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { freePort } from "../support/free-port.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { Daemon, uidsOf } from "./daemon.ts";
import { type Way, ways } from "./way.ts";

const program = "/usr/bin/redis-server";
let folder: string;
let port: number;
let daemon: Daemon | null = null;

beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, fs.existsSync(program), "redis-server is not installed");
});
beforeAll(() => {
  folder = scratchFolder("redis", { mode: PUBLIC_FOLDER });
});
afterEach(async () => {
  await daemon?.close();
  daemon = null;
});

const at = (name: string) => path.join(folder, name);

/** Fresh data, and a folder that the user redis may write but no grant names. */
async function start(way: Way | null = "sealed"): Promise<Daemon> {
  port = await freePort();
  prepare();
  return launch(way);
}

function prepare(): void {
  for (const name of ["conf", "data", "logs", "run", "elsewhere"]) {
    fs.rmSync(at(name), { recursive: true, force: true });
    fs.mkdirSync(at(name));
    execFileSync("chown", ["redis:redis", at(name)]);
  }
  fs.copyFileSync("/usr/lib/x86_64-linux-gnu/libz.so.1", at("elsewhere/module.so"));
  fs.chmodSync(at("elsewhere/module.so"), PUBLIC_PROGRAM);
  fs.writeFileSync(
    at("conf/redis.conf"),
    `bind 127.0.0.1
port ${port}
unixsocket ${at("run/redis.sock")}
dir ${at("data")}
logfile ${at("logs/redis.log")}
pidfile ${at("run/redis.pid")}
daemonize no
appendonly yes
enable-protected-configs yes
enable-module-command yes
`,
  );
}

async function launch(way: Way | null): Promise<Daemon> {
  const command = [program, at("conf/redis.conf")];
  const user = ["setpriv", "--reuid", "redis", "--regid", "redis", "--init-groups"];
  const started = new Daemon({
    folder,
    command: way !== null ? command : [...user, ...command],
    domain: way === null ? null : domain(way),
  });
  daemon = started;
  await started.until("redis answers", () => redis("PING") === "PONG");
  return started;
}

function domain(way: Way) {
  const set = {
    configuration: at("conf"),
    data: at("data"),
    logs: at("logs"),
    run: at("run"),
    port: String(port),
  };
  return { name: "redis-server", set, way };
}

/** What redis-cli prints; an error's text where the server refuses. */
function redis(...command: string[]): string {
  try {
    const args = ["-h", "127.0.0.1", "-p", String(port), ...command];
    return execFileSync("redis-cli", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return ""; // Not there yet, or gone: the daemon's own status tells which.
  }
}

const field = (section: string, name: string) =>
  new RegExp(`^${name}:(.*?)\r?$`, "m").exec(redis("INFO", section))?.[1];

test.each(ways)(
  "redis (%s) saves, rewrites, comes back and stops, and needs nothing that no grant names",
  async (way) => {
    const first = await start(way);
    expect(new Set(uidsOf(first.pid))).toEqual(
      new Set([Number(execFileSync("id", ["-u", "redis"]))]),
    );
    expect(redis("SET", "key", "value")).toBe("OK");
    expect(
      execFileSync("redis-cli", ["-s", at("run/redis.sock"), "GET", "key"], { encoding: "utf8" }),
    ).toBe("value\n");
    expect(
      Number(field("memory", "used_memory_rss")),
      "it sees its own memory use",
    ).toBeGreaterThan(1_000_000);

    expect(redis("SAVE")).toBe("OK");
    const saved = fs.statSync(at("data/dump.rdb")).ino;
    expect(redis("BGSAVE")).toBe("Background saving started");
    await first.until(
      "a child renames its file over dump.rdb",
      () => fs.statSync(at("data/dump.rdb")).ino !== saved,
    );
    await first.until(
      "BGSAVE is over",
      () => field("persistence", "rdb_bgsave_in_progress") === "0",
    );
    expect(field("persistence", "rdb_last_bgsave_status")).toBe("ok");

    expect(redis("BGREWRITEAOF")).toBe("Background append only file rewriting started");
    await first.until("the AOF is rewritten", () =>
      fs.existsSync(at("data/appendonlydir/appendonly.aof.2.base.rdb")),
    );
    await first.until(
      "the old one is removed",
      () => !fs.existsSync(at("data/appendonlydir/appendonly.aof.1.base.rdb")),
    );
    expect(redis("SET", "later", "in the AOF alone")).toBe("OK");

    expect(redis("SHUTDOWN", "NOSAVE")).toBe("");
    expect(await first.ended()).toBe(0);
    expect(fs.existsSync(at("run/redis.pid"))).toBe(false);
    expect(await first.denials()).toEqual([]);

    const second = await launch(way);
    expect([redis("GET", "key"), redis("GET", "later")]).toEqual(["value", "in the AOF alone"]);
    second.signal("SIGINT");
    expect(await second.ended()).toBe(0);
    expect(await second.denials()).toEqual([]);
  },
);

test.each(["sealed", "supervised"] as const)(
  "an attack through redis works unconfined, fails in the domain (%s), and is logged",
  async (way) => {
    const other = net.createServer((socket) => socket.destroy());
    let reached = 0;
    other.on("connection", () => reached++);
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port: master } = other.address() as net.AddressInfo;
    const planted = async () => {
      redis("CONFIG", "SET", "dbfilename", "authorized_keys");
      const moved = redis("CONFIG", "SET", "dir", at("elsewhere"));
      const save = redis("SAVE");
      const module = redis("MODULE", "LOAD", at("elsewhere/module.so"));
      redis("REPLICAOF", "127.0.0.1", String(master));
      await daemon?.until("it tries to reach its master", () =>
        fs
          .readFileSync(at("logs/redis.log"), "utf8")
          .includes(`Connecting to MASTER 127.0.0.1:${master}`),
      );
      redis("REPLICAOF", "NO", "ONE");
      redis("CONFIG", "SET", "dir", at("data"));
      return { moved, save, module };
    };
    try {
      const bare = await start(null);
      expect(await planted()).toMatchObject({ moved: "OK", save: "OK" });
      expect(fs.existsSync(at("elsewhere/authorized_keys"))).toBe(true);
      expect(fs.readFileSync(at("logs/redis.log"), "utf8"), "it got as far as the code").toContain(
        "does not export RedisModule_OnLoad",
      );
      await bare.until("it reaches the other server", () => reached > 0);
      redis("SHUTDOWN", "NOSAVE");
      expect(await bare.ended()).toBe(0);

      reached = 0;
      const sealed = await start(way);
      // Entering a directory is not mediated (existence is no secret): what counts is that nothing
      // can be made in it.
      expect(await planted()).toMatchObject({ moved: "OK", save: "ERR" });
      expect(fs.readdirSync(at("elsewhere"))).toEqual(["module.so"]);
      const log = fs.readFileSync(at("logs/redis.log"), "utf8");
      expect(log).toContain("cannot open shared object file: Permission denied");
      expect(log).toContain("Unable to connect to MASTER: Permission denied");
      expect(redis("SET", "key", "the service goes on")).toBe("OK");
      expect(redis("SAVE")).toBe("OK");
      sealed.signal("SIGTERM");
      expect(await sealed.ended()).toBe(0);
      expect(reached).toBe(0);
      expect(await sealed.denials()).toEqual([
        `address connect tcp 127.0.0.1:${master}`,
        `name create ${at(`elsewhere/temp-${sealed.pid}.rdb`)}`,
        `name read ${at("elsewhere/module.so")}`,
        `name write ${at(`elsewhere/temp-${sealed.pid}.rdb`)}`,
      ]);
    } finally {
      other.close();
    }
  },
);

test("its exit status is passed on: a shutdown that cannot save fails", async () => {
  const sealed = await start();
  redis("CONFIG", "SET", "save", "60 1");
  redis("SET", "key", "value");
  redis("CONFIG", "SET", "dir", at("elsewhere"));
  redis("SHUTDOWN");
  expect(redis("PING"), "redis refuses to lose data").toBe("PONG");
  redis("SHUTDOWN", "NOSAVE");
  expect(await sealed.ended()).toBe(0);
});

test("a configuration it cannot read ends it with its own status", async () => {
  const first = await start();
  redis("SHUTDOWN", "NOSAVE");
  await first.ended();
  fs.writeFileSync(at("conf/redis.conf"), "nonsense\n");
  daemon = new Daemon({
    folder,
    command: [program, at("conf/redis.conf")],
    domain: domain("sealed"),
  });
  expect(await daemon.ended()).toBe(1);
  expect(daemon.output).toContain("FATAL CONFIG FILE ERROR");
});
