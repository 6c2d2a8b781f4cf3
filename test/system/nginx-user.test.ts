import * as fs from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { skipUnless } from "../support/skip.ts";
import { descendants, uidsOf } from "./daemon.ts";
import { Nginx, nginxInstalled, upstreamServer } from "./nginx.ts";

const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0;
let nginx: Nginx;
beforeEach((context) => skipUnless(context, nginxInstalled, "nginx is not installed"));
beforeAll(() => {
  nginx = new Nginx(asRoot ? NOBODY : process.getuid?.());
});
afterAll(() => nginx.remove());

test("an ordinary user's nginx serves, reloads, rotates, stops, within its grants", async () => {
  const upstream = await upstreamServer();
  nginx.upstream = upstream.port;
  const daemon = await nginx.start();
  try {
    expect(uidsOf(daemon.pid)).toEqual(Array(4).fill(nginx.uid));
    expect(await nginx.get("/")).toEqual({ status: 200, body: "the page\n" });
    const before = descendants(daemon.pid);
    daemon.signal("SIGHUP");
    await daemon.until("SIGHUP gives new workers", () => {
      const now = descendants(daemon.pid);
      return now.length === 2 && now.every((worker) => !before.includes(worker));
    });
    fs.renameSync(nginx.at("logs/access.log"), nginx.at("logs/access.log.1"));
    daemon.signal("SIGUSR1");
    await daemon.until("SIGUSR1 makes a new log", () => fs.existsSync(nginx.at("logs/access.log")));
    const statuses = [await nginx.get("/secret"), await nginx.get("/upstream", "x")].map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([403, 502]);
    expect(upstream.reached()).toBe(0);
    daemon.signal("SIGTERM");
    expect(await daemon.ended()).toBe(0);
  } finally {
    await daemon.close();
    upstream.close();
  }
  const told = await daemon.denials();
  expect(told.filter((event) => !event.startsWith("lifecycle "))).toEqual([
    expect.stringMatching(`^address connect tcp 127.0.0.1[: ]${upstream.port}$`),
  ]);
  expect(told.some((event) => event.startsWith("lifecycle unavailable"))).toBe(true);
});
