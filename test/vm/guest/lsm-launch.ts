/** `cofferdam run` into a domain of the kernel's engine: the launcher, with an agent in here. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Agent } from "../../../src/agent/agent.ts";
import { leadInto } from "../../../src/agent/arrivals.ts";
import { PUBLIC_PROGRAM } from "../../../src/base/modes.ts";
import { listProcesses } from "../../../src/domains/processes.ts";
import { writeEngineSetting } from "../../../src/host/engine.ts";
import { places as placesOf } from "../../../src/host/places.ts";
import { runningDomains } from "../../../src/host/running.ts";
import { whereabouts } from "../../../src/host/whereabouts.ts";
import { generations } from "../../../src/kernel/bpf/lsm/pins.ts";
import type { Level } from "../../../src/model/level.ts";
import {
  ACT,
  asOfAnotherLayout,
  asOfAnotherVersion,
  COFFERDAM,
  DOMAINS,
  hideShipped,
  home,
  Lsm,
  PINS,
  rules,
  showShipped,
  TRY,
  Trying,
} from "./lsm-arena.ts";

const FOLDER = "/tmp/lsm-launch";
/** In no agent's table. */
const OTHER = 62;
const DETACHED_WAIT = { timeout: 60_000, interval: 50 };
const places = placesOf({ uid: 0, env: {}, home });
const root = { uid: 0, name: "root" };

let lsm: Lsm;
let agent: Agent | null;
let number = 0;

/** `mkdir` is granted by its name and refused as a system call, which is another errno. */
const policy = `summary: tries things
level: enforcing
files:
  - rx ${TRY}
  - rwcd ${FOLDER}/**
  - r /dev/null
inherit: [stdio, stdio-sockets]
capabilities: [dac_override]
syscalls:
  - "@system-service"
  - deny mkdir
`;

function agentStarts(): Promise<Agent> {
  return Agent.start({
    ...{ places, mediator: null, sessions: null, collector: null, activated: null },
    log: (text) => void process.stderr.write(`agent: ${text}\n`),
  });
}

beforeAll(async () => {
  lsm = new Lsm();
  hideShipped();
  for (const folder of [DOMAINS, FOLDER, dirname(places.system.numbers)])
    fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(join(DOMAINS, "launched.yaml"), policy);
  writeEngineSetting(places, "bpf-lsm");
  agent = await agentStarts();
  number = agent.table.get("launched")?.number ?? 0;
});

afterAll(async () => {
  Trying.endAll();
  await agent?.stop();
  writeEngineSetting(places, "landlock");
  fs.rmSync(join(DOMAINS, "launched.yaml"));
  showShipped();
});

function launched(...words: readonly string[]): Trying {
  return new Trying(COFFERDAM, ["run", "launched", "--", TRY, ...words]);
}

function statusOf(one: Trying, key: string): string {
  const text = fs.readFileSync(`/proc/${one.pid}/status`, "utf8");
  return new RegExp(`^${key}:\\t(.*)$`, "m").exec(text)?.[1] ?? "";
}

/** What is said where nothing is started. */
const refused = (...words: readonly string[]) => saysOfRefusal("run", ...words);

async function saysOfRefusal(
  ...words: readonly string[]
): Promise<{ status: number; said: string }> {
  const child = spawn(COFFERDAM, words, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr?.on("data", (text: Buffer) => {
    said += text.toString();
  });
  const status = await new Promise<number>((resolve) =>
    child.once("close", (code) => resolve(code ?? -1)),
  );
  return { status, said };
}

function giveLevel(level: Level): Promise<unknown> | undefined {
  return agent?.giveLevel("launched", level, null, root);
}

const shown = () =>
  listProcesses({ ...runningDomains(places), threads: false, details: false }).filter(
    ({ confinement }) => typeof confinement === "object" && confinement.domain === "launched",
  );

test("run leads the command into the domain that the kernel holds, with its children", async () => {
  const one = launched();
  fs.writeFileSync(`${FOLDER}/given`, "");
  expect(await one.does(`read ${FOLDER}/given`)).toBe("0");
  expect(lsm.engine.labels.labelOf(one.pid)).toEqual({ domain: number, launched: "filtered" });
  expect(number).toBeGreaterThan(0);
  for (const how of ["", "fork try ", "thread try ", "exec try ", "double-fork try "])
    expect(await one.does(`${how}read /etc/passwd`), how).toBe("EACCES");
  // The filter goes before the name.
  expect(await one.does(`mkdir ${FOLDER}/made`)).toBe("EPERM");
  expect(statusOf(one, "Seccomp")).toBe("2");
  expect(statusOf(one, "NoNewPrivs")).toBe("0");
  // So the agent answers it nothing.
  expect(whereabouts(one.pid, places)).toMatchObject({
    kind: "domain",
    member: { domain: "launched" },
  });
  // No Landlock, no group, and nobody beside it.
  expect(fs.readFileSync(`/proc/${one.pid}/cgroup`, "utf8")).toBe("0::/\n");
  expect(fs.existsSync(`${places.system.runs}/${one.pid}`)).toBe(false);
  expect(shown()).toEqual([
    expect.objectContaining({
      pid: one.pid,
      confinement: {
        ...{ domain: "launched", number, run: null, engine: "bpf-lsm", mode: null },
        ...{ level: "enforcing", holder: null, filter: "installed" },
      },
    }),
  ]);
  // It has a policy already.
  const { said } = await saysOfRefusal("protect", "--print", String(one.pid));
  expect(said).toContain(`process ${one.pid} is in the domain launched already`);
  await one.end();
});

test("the agent marks itself, whom no domain may signal", () => {
  expect(lsm.engine.labels.labelOf(process.pid)).toEqual({ domain: 0, launched: "own" });
});

test("a level is live, but for the filter, which a start at warning does not get", async () => {
  const before = launched();
  expect(await before.does("read /etc/passwd")).toBe("EACCES");
  await giveLevel("warning");
  expect(await before.does("read /etc/passwd")).toBe("0");
  expect(await before.does(`mkdir ${FOLDER}/made`)).toBe("EPERM");
  const after = launched();
  expect(await after.does(`mkdir ${FOLDER}/made`)).toBe("0");
  expect(statusOf(after, "Seccomp")).toBe("0");
  expect(lsm.engine.labels.labelOf(after.pid)).toEqual({ domain: number, launched: "bare" });
  const filters = () =>
    shown().map(({ confinement }) => (confinement as { filter: string }).filter);
  expect(filters()).toEqual(["installed", "none"]);
  await giveLevel("disabled");
  const free = launched();
  expect(await free.does("read /etc/passwd")).toBe("0");
  expect(lsm.engine.labels.domainOf(free.pid)).toBe(number);
  await giveLevel("enforcing");
  for (const one of [before, after, free]) {
    expect(await one.does("read /etc/passwd")).toBe("EACCES");
    await one.end();
  }
});

test("a policy that is reloaded is in force for what run has started", async () => {
  const one = launched();
  expect(await one.does("read /etc/passwd")).toBe("EACCES");
  fs.writeFileSync(
    join(DOMAINS, "launched.yaml"),
    policy.replace("  - r /dev/null", "  - r /dev/null /etc/passwd"),
  );
  await agent?.reload("launched", root);
  expect(await one.does("read /etc/passwd")).toBe("0");
  await one.end();
  fs.writeFileSync(join(DOMAINS, "launched.yaml"), policy);
  await agent?.reload("launched", root);
});

test("an announced domain is for one execve of one process that is in none", async () => {
  const [parent, other, inside] = [new Trying(), new Trying(ACT), new Trying(ACT)];
  const member = { domain: OTHER, launched: "bare" } as const;
  lsm.domain(OTHER, "enforcing", rules("rx /vm/**"));
  // No child inherits it, whatever the child executes.
  expect(lsm.engine.labels.announce(parent.pid, member, () => true)).toBe(true);
  expect(await parent.does("exec try read /etc/passwd")).toBe("0");
  expect(lsm.engine.labels.domainOf(parent.pid)).toBe(0);
  // An execve that the kernel begins takes it, also if it fails.
  fs.writeFileSync(`${FOLDER}/no-program`, "nothing", { mode: PUBLIC_PROGRAM });
  lsm.engine.labels.announce(other.pid, member, () => true);
  expect(await other.does(`execute ${FOLDER}/no-program`)).toBe("ENOEXEC");
  other.becomes(`execute ${ACT}`);
  expect(await other.does("secure")).toBe("0");
  expect(lsm.engine.labels.domainOf(other.pid)).toBe(0);
  // A number that has become another process's is not written to.
  expect(lsm.engine.labels.announce(other.pid, member, () => false)).toBe(false);
  other.becomes(`execute ${ACT}`);
  expect(await other.does("secure")).toBe("0");
  expect(lsm.engine.labels.domainOf(other.pid)).toBe(0);
  // Who is in a domain stays there.
  lsm.engine.labels.adopt(OTHER, () => [inside.pid]);
  lsm.engine.labels.announce(inside.pid, { domain: number, launched: "bare" }, () => true);
  inside.becomes(`execute ${ACT}`);
  expect(await inside.does("secure")).toBe("0");
  expect(lsm.engine.labels.domainOf(inside.pid)).toBe(OTHER);
  for (const one of [parent, other, inside]) await one.end();
});

test("a launcher that ends before its execve leaves nobody in the domain", async () => {
  const one = new Trying(ACT);
  lsm.engine.labels.announce(one.pid, { domain: OTHER, launched: "bare" }, () => true);
  await one.end();
  expect(shown()).toEqual([]);
  expect(lsm.engine.labels.domainOf(one.pid)).toBe(null);
});

test("only root's launcher in no domain, with a plan of the level in force, is led", async () => {
  const one = new Trying(ACT);
  const peer = { pid: one.pid, uid: 0, isAlive: () => true };
  const lead =
    (other: Partial<typeof peer>, level: Level = "enforcing") =>
    () =>
      leadInto(lsm.engine, { name: "launched", number }, "enforcing", {
        peer: { ...peer, ...other },
        level,
      });
  expect(lead({ uid: 1 })).toThrow(/only root's launchers/);
  expect(lead({}, "warning")).toThrow(/became enforcing/);
  expect(lead({ isAlive: () => false })).toThrow(/has ended/);
  lsm.engine.labels.adopt(OTHER, () => [one.pid]);
  expect(lead({})).toThrow(/is in a domain/);
  one.becomes(`execute ${ACT}`);
  expect(await one.does("secure")).toBe("0");
  expect(lsm.engine.labels.domainOf(one.pid)).toBe(OTHER);
  await one.end();
});

test("without an agent nothing is started, and the sentence says what to do", async () => {
  const made = `${FOLDER}/never`;
  const events = await refused("--events", "-", "launched", "--", TRY);
  expect(events.status).toBe(125);
  expect(events.said).toMatch(/cofferdam events has them/);
  await agent?.stop();
  agent = null;
  const { status, said } = await refused("launched", "--", "/vm/busybox", "touch", made);
  expect(status).toBe(125);
  expect(said).toMatch(/systemctl start cofferdam-agent/);
  expect(said).toMatch(/nothing is started outside its domain/);
  expect(fs.existsSync(made)).toBe(false);
});

test("an agent that has been restarted goes on with what run has started", async () => {
  agent = await agentStarts();
  const one = launched();
  expect(await one.does("read /etc/passwd")).toBe("EACCES");
  await agent.stop();
  expect(await one.does("read /etc/passwd")).toBe("EACCES");
  agent = await agentStarts();
  await giveLevel("warning");
  expect(await one.does("read /etc/passwd")).toBe("0");
  await giveLevel("enforcing");
  expect(await one.does("read /etc/passwd")).toBe("EACCES");
  await one.end();
});

/** Both versions decide until the kernel has detached the old programs, some seconds later. */
async function untilGranted(one: Trying): Promise<void> {
  await vi.waitFor(async () => expect(await one.does("read /etc/passwd")).toBe("0"), DETACHED_WAIT);
}

for (const [how, asOfOther] of [
  ["", asOfAnotherVersion],
  [" whose maps have another layout", asOfAnotherLayout],
] as const)
  test(`an agent replaces another version's programs${how}: what runs stays held`, async () => {
    const one = launched();
    expect(await one.does("read /etc/passwd")).toBe("EACCES");
    await agent?.stop();
    const before = asOfOther();
    agent = await agentStarts();
    expect(generations(PINS)).toEqual([{ ...before, number: before.number + 1 }]);
    expect(await one.does("read /etc/passwd")).toBe("EACCES");
    await giveLevel("warning");
    await untilGranted(one);
    await giveLevel("enforcing");
    await one.end();
  });

test("while a policy is broken, programs of another layout hold on and take no level", async () => {
  const one = launched();
  expect(await one.does("read /etc/passwd")).toBe("EACCES");
  await agent?.stop();
  const before = asOfAnotherLayout();
  fs.writeFileSync(join(DOMAINS, "launched.yaml"), "nonsense: [");
  agent = await agentStarts();
  expect(generations(PINS)).toMatchObject([{ digest: "0" }]);
  expect(shown()).toMatchObject([{ pid: one.pid, confinement: { number, level: null } }]);
  await expect(giveLevel("warning")).rejects.toThrow("another version of Cofferdam left it");
  expect(await one.does("read /etc/passwd")).toBe("EACCES");
  fs.writeFileSync(join(DOMAINS, "launched.yaml"), policy);
  await agent.reload("launched", root);
  expect(generations(PINS)).toEqual([{ ...before, number: before.number + 1 }]);
  await giveLevel("warning");
  await untilGranted(one);
  await giveLevel("enforcing");
  await one.end();
});
