/**
 * Tests for the virtual machine: its kernel has no tracepoint at the check for capabilities, so the
 * program is attached to the check's return (fexit). test/agent/used-capabilities.test.ts has more
 * of them, for the host's kernel.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { PRIVATE_FILE } from "../../../src/base/modes.ts";
import { readUseIds } from "../../../src/domains/use-ids.ts";
import { readCollectorStatus } from "../../../src/host/collector-status.ts";
import { Acting, attachedBy, countUses, PORT, toldUses } from "../../agent/capability-acts.ts";
import makeStateFolders from "../../support/state-folders.ts";
import { PrivateHost } from "../../system/private-host.ts";

const front = path.resolve(import.meta.dirname, "../../../bin/cofferdam");
/** As `../stock-kernel.test.ts` has it compiled. */
const ACTS = "/vm/acts";
/** Seldom: looking at every process takes the emulator longer than what it waits for. */
const WAIT = { timeout: 300_000, interval: 5000 };
const removeStateFolders = makeStateFolders();
let host: PrivateHost;
let agent: Awaited<ReturnType<PrivateHost["agent"]>>;
let acting: Acting;

beforeAll(async () => {
  host = await PrivateHost.start();
  host.collects = true;
  fs.writeFileSync(host.at("theirs"), "", { mode: PRIVATE_FILE });
  fs.chownSync(host.at("theirs"), 65_534, 65_534);
  host.policy(
    "used",
    `summary: uses capabilities
level: warning
mediation: supervised
files: ["rx ${ACTS}", "ra ${host.at("theirs")}"]
network: ["listen tcp ${PORT}"]
capabilities: [chown]
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`,
  );
  agent = await host.agent();
  await vi.waitFor(() => expect(collected()).not.toBeNull(), WAIT);
  acting = new Acting([...host.inside, front, "run", "used", "--", ACTS]);
});
afterAll(async () => {
  await Acting.endAll();
  await host.close();
  removeStateFolders?.();
});

/** What `status` and `doctor` read. */
const collected = () => readCollectorStatus(host.at("run/collector.status"));

const heard = (uses: Readonly<Record<string, number>>) =>
  vi.waitFor(() => expect(countUses(host, "used")).toEqual(uses), WAIT);

/** By all processes of this machine together. */
function attached(): number {
  const processes = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return processes.reduce((sum, pid) => sum + attachedBy(pid), 0);
}

const untilAttached = (programs: number) =>
  vi.waitFor(() => expect(attached()).toBe(programs), WAIT);

test("the program is attached to the return of the kernel's check", () => {
  expect(collected()?.capabilities).toBeNull();
  expect(readUseIds(host.at("run"))?.name).toBe("at_return");
});

test("what the policy does not grant is told, what it grants is not, and both work", async () => {
  const acts = ["spawn", `owner ${host.at("theirs")}`, `read ${host.at("theirs")}`, `bind ${PORT}`];
  const outside = new Acting([ACTS]);
  for (const one of [outside, acting])
    for (const act of acts) expect(await one.does(act)).toMatch(/ done$/);
  await heard({ "dac_read_search for openat": 1, "net_bind_service for bind": 1 });
  const event = toldUses(host, "used").find(({ object }) => object.startsWith("net_bind_service"));
  expect(event).toMatchObject({
    verdict: "warning",
    source: "kernel",
    process: { uid: 0, comm: "acts", executable: ACTS },
    allow: { section: "capabilities", line: "net_bind_service" },
  });
  await untilAttached(1);
});

test("at enforcing nothing is attached and nothing is told", async () => {
  const before = countUses(host, "used");
  await host.ask("PUT", "/domains/used/level", { level: "enforcing" });
  await untilAttached(0);
  await acting.does(`bind ${PORT}`);
  await host.ask("PUT", "/domains/used/level", { level: "warning" });
  await untilAttached(1);
  expect(await acting.does(`bind ${PORT}`)).toBe("bind done");
  await heard({ ...before, "net_bind_service for bind": 2 });
});

test("uses are told after the agent's end, and the domain's end detaches the program", async () => {
  const before = countUses(host, "used");
  await host.kill(agent);
  expect(await acting.does(`bind ${PORT}`)).toBe("bind done");
  await heard({ ...before, "net_bind_service for bind": 3 });
  await acting.end();
  await untilAttached(0);
});
