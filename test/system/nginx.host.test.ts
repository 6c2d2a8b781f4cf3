import * as fs from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { type Daemon, descendants, uidsOf } from "./daemon.ts";
import { Nginx, nginxInstalled, upstreamServer } from "./nginx.ts";
import { type Way, ways } from "./way.ts";

/**
 * Refused in ordinary operation, and told: nginx does without. glibc asks for nscd before it reads
 * /etc/passwd, and for the greatest number of groups; granting the one would make every unix socket
 * possible, the other all of /proc.
 */
const known = ["name read /proc/sys/kernel/ngroups_max", "socket create a unix socket"];
/** At warning the socket exists, and its use is logged, too. */
const knownAtWarning = ["name connect /var/run/nscd/socket", ...known];
const knownOf = (way: Way) => (way === "warning" ? knownAtWarning : known);

const WWW_DATA = 33;
let nginx: Nginx;
let upstream: Awaited<ReturnType<typeof upstreamServer>>;
let daemon: Daemon | null = null;

beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, nginxInstalled, "nginx is not installed");
});
beforeAll(async () => {
  nginx = new Nginx();
  upstream = await upstreamServer();
  nginx.upstream = upstream.port;
});
afterEach(async () => {
  await daemon?.close();
  daemon = null;
});
afterAll(() => {
  upstream.close();
  nginx.remove();
});

test.each(ways)(
  "nginx (%s) serves, logs, reloads, rotates and stops, and needs nothing that no grant names",
  async (way) => {
    daemon = await nginx.start({ way });
    expect(await nginx.get("/")).toEqual({ status: 200, body: "the page\n" });
    expect((await nginx.get("/missing")).status).toBe(404);
    // It logs what it has answered already.
    const logs = (name: string, text: string) =>
      daemon?.until(`it logs ${text}`, () =>
        fs.readFileSync(nginx.at(`logs/${name}`), "utf8").includes(text),
      );
    await logs("access.log", '"GET /missing HTTP/1.1" 404');
    await logs("error.log", "No such file or directory");
    expect(fs.readFileSync(nginx.at("run/nginx.pid"), "utf8")).toBe(`${daemon.pid}\n`);

    const { pid } = daemon;
    const lowered = () =>
      descendants(pid).filter((worker) => uidsOf(worker).every((uid) => uid === WWW_DATA));
    await daemon.until("both workers are www-data", () => lowered().length === 2);
    const before = lowered();
    fs.writeFileSync(nginx.at("www/new.html"), "written while it runs\n");
    expect((await nginx.get("/new.html")).body).toBe("written while it runs\n");

    daemon.signal("SIGHUP");
    await daemon.until("SIGHUP gives new workers", () => {
      const now = descendants(pid);
      return now.length === 2 && now.every((worker) => !before.includes(worker));
    });
    expect((await nginx.get("/")).status).toBe(200);

    fs.renameSync(nginx.at("logs/access.log"), nginx.at("logs/access.log.1"));
    const rotated = fs.statSync(nginx.at("logs/access.log.1")).size;
    daemon.signal("SIGUSR1");
    await daemon.until("SIGUSR1 makes a new log", () => fs.existsSync(nginx.at("logs/access.log")));
    await daemon.until("the workers write to it", async () => {
      await nginx.get("/after-rotation");
      return fs.readFileSync(nginx.at("logs/access.log"), "utf8").includes("/after-rotation");
    });
    expect(fs.statSync(nginx.at("logs/access.log")).uid).toBe(WWW_DATA);
    expect(fs.statSync(nginx.at("logs/access.log.1")).size).toBeGreaterThanOrEqual(rotated);

    daemon.signal("SIGTERM");
    expect(await daemon.ended()).toBe(0);
    expect(fs.existsSync(nginx.at("run/nginx.pid")), "it removes its pid file").toBe(false);
    expect(await daemon.denials()).toEqual(knownOf(way));
  },
);

test.each(ways)(
  "an attack through nginx works unconfined, is logged in the domain (%s), and fails at enforcing",
  async (way) => {
    const requests = async () => [
      await nginx.get("/upstream", "x".repeat(100_000)),
      await nginx.get("/secret"),
      await nginx.get("/shadow"),
    ];
    const before = upstream.reached();
    // Workers as root, so that only the domain stands between them and /etc/shadow.
    daemon = await nginx.start({ way: null, user: "root" });
    expect((await requests()).map(({ status }) => status)).toEqual([200, 200, 200]);
    daemon.signal("SIGTERM");
    expect(await daemon.ended()).toBe(0);
    expect(upstream.reached() - before).toBe(1);

    fs.rmSync(nginx.at("state"), { recursive: true });
    fs.mkdirSync(nginx.at("state"));
    daemon = await nginx.start({ way, user: "root" });
    const warns = way === "warning";
    expect((await requests()).map(({ status }) => status)).toEqual(
      warns ? [200, 200, 200] : [502, 403, 403],
    );
    expect(upstream.reached() - before, "who got out").toBe(warns ? 2 : 1);
    const [body] = fs.readdirSync(nginx.at("state/client_body"));
    expect(
      fs.statSync(nginx.at(`state/client_body/${body}`)).size,
      "the temporary file is a grant",
    ).toBe(100_000);
    expect(await nginx.get("/")).toEqual({ status: 200, body: "the page\n" });
    daemon.signal("SIGQUIT");
    expect(await daemon.ended()).toBe(0);
    const denials = await daemon.denials();
    expect(denials).toHaveLength(knownOf(way).length + 3);
    expect(denials).toEqual(
      expect.arrayContaining([
        ...knownOf(way),
        `address connect tcp 127.0.0.1:${upstream.port}`,
        `name read ${nginx.at("elsewhere/secret")}`,
        "name read /etc/shadow",
      ]),
    );
  },
);

test.each(ways)("its exit status is passed on (%s)", async (way) => {
  fs.writeFileSync(nginx.at("conf/nginx.conf"), "nonsense;\n");
  daemon = nginx.launch(way);
  expect(await daemon.ended(), daemon.output).toBe(1);
  expect(daemon.output).toContain('unknown directive "nonsense"');
});

test.each(ways)("a signal that ends it is passed on (%s)", async (way) => {
  daemon = await nginx.start({ way });
  const workers = descendants(daemon.pid);
  daemon.signal("SIGKILL");
  expect(await daemon.ended()).toBe("SIGKILL");
  // Workers outlive a killed master; nothing of this test may.
  for (const pid of workers) process.kill(pid, "SIGTERM");
});
