import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { MEDIATOR_SOCKET } from "../../src/mediate/shared/place.ts";
import { mediatorsOf } from "../mediate/mediators.ts";
import { ownMediator, processesThatHold, serves } from "../properties/confining-processes.ts";
import { freePort } from "../support/free-port.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { type Daemon, killIfThere } from "./daemon.ts";
import { Load } from "./load.ts";
import { Nginx, nginxInstalled } from "./nginx.ts";
import { PrivateHost } from "./private-host.ts";
import { policyText } from "./way.ts";

const TIMEOUT_MS = 900_000;
const KILLS = Number(process.env.COFFERDAM_KILLS ?? 80);
/** A mediator that has begun to serve does so for so long at most, in milliseconds. */
const LIFE_MS_MAX = 60;
/** Until a mediator that serves nobody any more has told what it counted. */
const COUNTED_MS = 60_000;
const mediator = path.resolve(import.meta.dirname, "../../dist/mediator.js");

let host: PrivateHost;
let nginx: Nginx;
let daemon: Daemon | null = null;
let holder = 0;
let load: Load | null = null;
/** Mediators that this test started, as a service manager might. */
const started: ChildProcess[] = [];

beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, nginxInstalled, "nginx is not installed");
});
afterEach(async () => {
  load?.close();
  await daemon?.close();
  for (const one of started) one.kill("SIGKILL");
});
afterAll(async () => {
  await host?.close();
  nginx?.remove();
});

/**
 * The shared one, what the holder started for the run alone, or a shared one that a busy machine
 * had retired: then it has the domain to itself.
 */
function serving(): number | null {
  const shared = host.mediator();
  if (shared !== null && serves(shared)) return shared;
  const ofThisHost = mediatorsOf(MEDIATOR_SOCKET).filter((pid) => host.has(pid));
  return ownMediator(holder) ?? ofThisHost.find(serves) ?? null;
}

async function successor(): Promise<void> {
  const [program = "", ...args] = [...host.inside, process.execPath, mediator, "shared"];
  const one = spawn(program, args, { stdio: "ignore", cwd: "/", env: { PATH: "/usr/bin:/bin" } });
  started.push(one);
  await once(one, "spawn");
}

test("nginx while its mediator is killed: each call is done once or fails with EIO", {
  timeout: TIMEOUT_MS,
}, async () => {
  host = await PrivateHost.start();
  nginx = new Nginx();
  nginx.host = host;
  nginx.port = await freePort();
  nginx.fill();
  host.policy("nginx", policyText("nginx", "supervised", nginx.vars()));
  await host.agent();
  daemon = await nginx.start();
  load = new Load(host.folder, "http", nginx.port, 2);
  holder = processesThatHold(daemon.pid).holder[0] ?? 0;
  let shared = 0;
  for (let kills = 0; kills < KILLS; ) {
    // An answer through it: two that died in a row without any, and the run is left to mediators of
    // its own for good.
    await nginx.get("/small");
    const pid = serving();
    if (pid === null) {
      await pause(5);
      continue;
    }

    await pause(Math.random() * LIFE_MS_MAX);
    if (pid === host.mediator()) shared += 1;
    killIfThere(pid);
    kills += 1;
    // The agent starts one too, after longer and longer pauses: whichever comes second ends by
    // itself.
    await successor();
  }
  const counts = await load.finish();
  console.log(`${KILLS} mediators killed, ${shared} of them shared:`, counts);
  expect(shared).toBeGreaterThan(0);
  expect(counts.ok).toBeGreaterThan(KILLS);
  // What is left over belongs to calls with an unknown outcome.
  expect(fs.readdirSync(nginx.at("state/own")).length).toBeLessThanOrEqual(counts.failed ?? 0);
  daemon.signal("SIGTERM");
  expect(await daemon.ended()).toBe(0);
  const sum = (...operations: readonly string[]) =>
    host
      .events()
      .filter((event) => event.domain === "nginx" && operations.includes(event.operation))
      .reduce((all, { count }) => all + count, 0);
  // What was last answered is counted in the log some time afterwards.
  const counted = (...operations: readonly string[]) =>
    expect.poll(() => sum(...operations), { timeout: COUNTED_MS });
  // nginx answers 500 to EIO, and to nothing else that happens here.
  await counted("outcome unknown").toBeGreaterThanOrEqual(counts.failed ?? 0);
  // A mediator that died before it had written its counts left the number to its successor.
  await counted("read", "lost").toBeGreaterThanOrEqual(counts.secrets ?? 0);
});
