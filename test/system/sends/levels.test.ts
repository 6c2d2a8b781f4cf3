import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  DOMAIN,
  give,
  host,
  PATIENCE_MS,
  policy,
  program,
  Sender,
  switches,
  TIMEOUT_MS,
  told,
  withSenderHost,
} from "./sender-host.ts";

withSenderHost();

const SWITCHES = 100;
/** Sends that are watched after each switch. */
const SENDS = 50n;

const outside = [
  ["send udp 127.0.0.2 47001", "udp 127.0.0.2:47001"],
  ["send udp ::1 47002", "udp [::1]:47002"],
  ["message 127.0.0.2 47003", "udp 127.0.0.2:47003"],
  ["messages 8 127.0.0.2 47004", "udp 127.0.0.2:47004"],
  ["send tcp 127.0.0.2 47005", "tcp 127.0.0.2:47005"],
  ["unix dgram @sends-test-none", "@sends-test-none"],
  ["unix stream /run/sends-test-none", "/run/sends-test-none"],
] as const;

/** Without a receiver the kernel itself says so of some. */
const unconfined = ["OK", "OK", "OK", "8", "ECONNREFUSED", "ECONNREFUSED", "ENOENT"];

async function askAll(daemon: Sender): Promise<string[]> {
  const said: string[] = [];
  for (const [line] of outside) said.push(await daemon.ask(line));
  return said;
}

test("each destination is logged at warning, refused at enforcing, neither at disabled", {
  timeout: TIMEOUT_MS,
}, async () => {
  const daemon = new Sender();
  const begun = host.events().length;
  expect(await askAll(daemon)).toEqual(unconfined);
  const objects = outside.map(([, object]) => object);
  const warned = await told(begun, ...objects.map((object) => `warning ${object}`));
  expect([...warned.keys()].sort()).toEqual(objects.map((object) => `warning ${object}`).sort());
  expect(warned.get("warning udp 127.0.0.2:47004")).toBe(8);
  await give("enforcing");
  const enforced = host.events().length;
  expect(await askAll(daemon)).toEqual(outside.map(() => "EACCES"));
  const denied = await told(enforced, ...objects.map((object) => `denied ${object}`));
  expect([...denied.keys()].sort()).toEqual(objects.map((object) => `denied ${object}`).sort());
  expect(await daemon.ask("send udp 127.0.0.1 47001")).toBe("OK");
  await give("disabled");
  const quiet = host.events().length;
  expect(await askAll(daemon)).toEqual(unconfined);
  // Once what is sent later is in the log, nothing of these can still come.
  await give("warning");
  expect(await daemon.ask("send udp 127.0.0.2 47006")).toBe("OK");
  const later = "warning udp 127.0.0.2:47006";
  const since = [...(await told(quiet, later)).keys()];
  expect(since.filter((line) => line.startsWith("warning"))).toEqual([later]);
  const event = host
    .events()
    .find(({ object, domain }) => domain === DOMAIN && object === "udp 127.0.0.2:47001");
  expect(event).toMatchObject({
    level: "warning",
    class: "address",
    operation: "connect",
    reason: "no-rule",
    allow: { section: "network", line: "connect udp 127.0.0.2:47001" },
    process: { pid: daemon.pid, uid: 0, executable: program },
  });
});

test("nothing that is sent is asked about, and binding still is", {
  timeout: TIMEOUT_MS,
}, async () => {
  const daemon = new Sender();
  await daemon.ask("send udp 127.0.0.2 47001");
  const before = switches(daemon.pid);
  const [went, refused] = (await daemon.ask("flood 1000 127.0.0.2 47001")).split(" ").map(Number);
  expect(refused).toBe(0);
  expect(went).toBeGreaterThan(1_000);
  // The lines of the test, its open socket, and whatever the clock did.
  expect(switches(daemon.pid) - before).toBeLessThan(100);
  const begun = host.events().length;
  expect(await daemon.ask("bind 127.0.0.1 47099")).toBe("OK");
  expect([...(await told(begun, "warning udp 127.0.0.1:47099")).keys()]).toContain(
    "warning udp 127.0.0.1:47099",
  );
});

test("levels switch under load, both ways: the next send sees the new one", {
  timeout: TIMEOUT_MS,
}, async () => {
  fs.writeFileSync(host.at("counters"), Buffer.alloc(4096));
  const daemon = new Sender();
  daemon.tell(`switched ${host.at("counters")} 127.0.0.2 47001`);
  const counts = () => {
    const bytes = fs.readFileSync(host.at("counters"));
    return { refused: bytes.readBigUInt64LE(16), went: bytes.readBigUInt64LE(24) };
  };
  const expectOnly = async (kind: "refused" | "went") => {
    const before = counts();
    let now = before;
    const until = Date.now() + PATIENCE_MS;
    while (now[kind] - before[kind] < SENDS && Date.now() < until) {
      await pause(0);
      now = counts();
    }
    const other = kind === "refused" ? "went" : "refused";
    // One may have been on its way.
    expect([kind, now[other] - before[other] <= 1n, now[kind] - before[kind] >= SENDS]).toEqual([
      kind,
      true,
      true,
    ]);
  };
  await expectOnly("went");
  for (let turn = 0; turn < SWITCHES; turn++) {
    await give("enforcing");
    await expectOnly("refused");
    await give(turn % 2 === 0 ? "warning" : "disabled");
    await expectOnly("went");
  }
  await give("warning");
  const over = fs.openSync(host.at("counters"), "r+");
  fs.writeSync(over, Buffer.of(1), 0, 1, 0);
  fs.closeSync(over);
  expect(await daemon.said()).toBe("OK");
});

test("a policy that is reloaded is in force for what runs and what starts later", {
  timeout: TIMEOUT_MS,
}, async () => {
  await give("enforcing");
  const daemon = new Sender();
  expect(await daemon.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
  policy("connect udp 127.0.0.1:47001", "connect udp 127.0.0.2:47001", "connect unix @sends-*");
  await host.ask("POST", `/domains/${DOMAIN}/reload`);
  expect(await daemon.ask("send udp 127.0.0.2 47001")).toBe("OK");
  expect(await daemon.ask("unix dgram @sends-test-none")).toBe("ECONNREFUSED");
  const second = new Sender();
  expect(await second.ask("send udp 127.0.0.2 47001")).toBe("OK");
  policy("connect udp 127.0.0.1:47001");
  await host.ask("POST", `/domains/${DOMAIN}/reload`);
  for (const one of [daemon, second]) {
    expect(await one.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
    expect(await one.ask("unix dgram @sends-test-none")).toBe("EACCES");
    expect(await one.ask("send udp 127.0.0.1 47001")).toBe("OK");
    await one.end();
  }
  // No process follows any longer: a policy that was not reloaded counts for new starts.
  await pause(1_000);
  policy("connect udp 127.0.0.3:47001");
  const third = new Sender();
  expect(await third.ask("send udp 127.0.0.3 47001")).toBe("OK");
  expect(await third.ask("send udp 127.0.0.1 47001")).toBe("EACCES");
  await third.end();
  policy("connect udp 127.0.0.1:47001");
  const fourth = new Sender();
  expect(await fourth.ask("send udp 127.0.0.1 47001")).toBe("OK");
  expect(await fourth.ask("send udp 127.0.0.3 47001")).toBe("EACCES");
});
