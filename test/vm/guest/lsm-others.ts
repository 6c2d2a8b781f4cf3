/** Other processes, and capabilities: `decide()` against the bpf-lsm engine. */
import { once } from "node:events";
import * as fs from "node:fs";
import { createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refusal } from "../../../src/mediate/shared/peer.ts";
import { decide } from "../../../src/model/decide.ts";
import { levels } from "../../../src/model/level.ts";
import type { Request } from "../../../src/model/request.ts";
import { ACT, Lsm, policyOf, rules, Trying, word } from "./lsm-arena.ts";

const OWN = 30;
/** `superDom` stands for no domain. */
const others = { own: OWN, friend: 31, stranger: 32, superDom: 0 } as const;
let lsm: Lsm;
let actor: Trying;
const victims = new Map<string, Trying>();

beforeAll(() => {
  lsm = new Lsm();
  actor = new Trying();
  lsm.domain(OWN, "enforcing", rules("r /**"));
  lsm.engine.labels.adopt(OWN, () => [actor.pid]);
  for (const [name, number] of Object.entries(others)) {
    const victim = new Trying();
    victims.set(name, victim);
    if (number !== 0) lsm.engine.labels.adopt(number, () => [victim.pid]);
  }
});

afterAll(async () => {
  for (const one of [actor, ...victims.values()]) await one.end();
});

const pidOf = (name: string) => (victims.get(name) as Trying).pid;

test("a signal reaches the domains that `decide()` says, and none else", async () => {
  const sets = [[], ["any"], ["friend"], ["superDom"], ["friend", "superDom"], ["any", "-friend"]];
  for (const words of sets) {
    const signals = words.map((one) => ({
      ...word(one.replace("-", "")),
      effect: one.startsWith("-") ? ("deny" as const) : ("allow" as const),
    }));
    const policy = { ...policyOf(["r /**"], []), name: "own", signals };
    lsm.domain(OWN, "enforcing", policy.names, policy, numberOf);
    for (const domain of Object.keys(others)) {
      const { outcome } = decide(policy, { class: "signal", domain });
      const answer = await actor.does(`kill ${pidOf(domain)}`);
      expect(answer === "0", `${words.join()} to ${domain}`).toBe(outcome === "granted");
    }
  }
});

function numberOf(domain: string): number | null {
  return (others as Readonly<Record<string, number>>)[domain] ?? null;
}

test("no rule, level or descriptor has Cofferdam's own processes signalled", async () => {
  const [own, other, sender] = [new Trying(), new Trying(), new Trying(ACT)];
  lsm.engine.labels.markOwn(own.pid);
  expect(lsm.engine.labels.labelOf(own.pid)).toEqual({ domain: 0, launched: "own" });
  lsm.engine.labels.adopt(OWN, () => [sender.pid]);
  lsm.events(OWN);
  for (const level of levels) {
    lsm.domain(OWN, level, rules("r /**"), { signals: [word("any")] });
    expect(await actor.does(`kill ${own.pid}`), level).toBe("EPERM");
    expect(await actor.does(`kill ${other.pid}`), level).toBe("0");
  }
  expect(lsm.events(OWN)).toMatchObject(
    levels.map((level) => ({ kind: "signal", level, denied: true })),
  );
  // Whoever may be a descriptor's owner gets what the kernel sends.
  lsm.domain(OWN, "enforcing", rules("r /**"), { signals: [word("any")] });
  const ended = new Promise((resolve) => other.child.once("exit", resolve));
  for (const { pid } of [own, other]) expect(await sender.does(`owner ${pid}`)).toBe("0");
  await ended;
  expect(await own.does("read /etc/passwd")).toBe("0");
  // It enters a domain as any process does, and is one of Cofferdam's no more.
  lsm.engine.labels.adopt(OWN, () => [own.pid]);
  lsm.engine.labels.markOwn(own.pid);
  expect(lsm.engine.labels.domainOf(own.pid)).toBe(OWN);
  for (const one of [own, sender]) await one.end();
});

test("no process of another domain is traced, read or changed, one of the same is", async () => {
  const acts = ["ptrace", "memory", "steal", "prlimit", "priority", "affinity"];
  lsm.domain(OWN, "enforcing", rules("r /**"), {
    signals: [word("any")],
    capabilities: ["sys_ptrace", "sys_nice", "sys_resource"].map(word),
    memory: [word("jit")],
  });
  for (const domain of Object.keys(others)) {
    const allowed = domain === "own";
    for (const act of acts)
      expect((await actor.does(`${act} ${pidOf(domain)}`)) === "0", `${act} ${domain}`).toBe(
        allowed,
      );
    for (const name of ["environ", "mem", "maps"])
      expect((await actor.does(`read /proc/${pidOf(domain)}/${name}`)) === "0", name).toBe(allowed);
    expect(await actor.does(`read /proc/${pidOf(domain)}/stat`)).toBe("0");
  }
  const told = lsm.events(OWN).filter(({ kind }) => kind === "process");
  expect(told.length).toBeGreaterThan(0);
  for (const level of levels) {
    lsm.engine.setLevel(OWN, level);
    expect(await actor.does(`ptrace ${pidOf("superDom")}`), level).toBe(
      level === "enforcing" ? "EPERM" : "0",
    );
  }
  lsm.engine.setLevel(OWN, "enforcing");
});

test("a process traces its own domain only where code may be written", async () => {
  lsm.domain(OWN, "enforcing", rules("rw /**"));
  lsm.events(OWN);
  const acts = ["ptrace", "memory", "steal"].map((act) => `${act} ${pidOf("own")}`);
  const lines = [...acts, `write /proc/${pidOf("own")}/mem`, `write /proc/${actor.pid}/mem`];
  for (const line of lines) expect(await actor.does(line), line).toMatch(/^E(PERM|ACCES)$/);
  expect(await actor.does(`read /proc/${actor.pid}/mem`)).toBe("0");
  expect(lsm.events(OWN)).toMatchObject([{ kind: "memory", denied: true }]);
});

test("what a process has of itself in /proc is named /proc/self, and nothing else is", async () => {
  const tried = [
    `read /proc/${actor.pid}/status`,
    "read /proc/self/status",
    "read /proc/thread-self/status",
    `read /proc/${pidOf("superDom")}/status`,
    `read /proc/${pidOf("own")}/status`,
  ];
  const [granted, refused] = ["0", "EACCES"];
  lsm.domain(OWN, "enforcing", rules("r /proc/self/**"));
  expect(await actor.all(tried)).toEqual([granted, granted, granted, refused, refused]);
  lsm.domain(OWN, "enforcing", rules("r /proc/[0-9]*/status"));
  expect(await actor.all(tried)).toEqual([refused, refused, refused, granted, granted]);
  expect(lsm.events(OWN).map(({ name }) => name)).toContain("/proc/self/status");
  lsm.domain(OWN, "enforcing", rules("r /proc/**", "deny r /proc/self/status"));
  expect(await actor.all(tried)).toEqual([refused, refused, granted, granted, granted]);
});

test("a process uses the capabilities that `decide()` says, and none else", async () => {
  fs.mkdirSync("/tmp/lsm-capable", { recursive: true });
  const file = "/tmp/lsm-capable/f";
  fs.writeFileSync(file, "");
  const tried = { chown: `chown ${file} 1`, net_bind_service: "listen 99" };
  for (const granted of [[], ...Object.keys(tried).map((one) => [one])]) {
    const policy = {
      ...policyOf([`a ${file}`], ["listen tcp 99"]),
      capabilities: granted.map(word),
    };
    lsm.domain(OWN, "enforcing", policy.names, policy);
    for (const [name, line] of Object.entries(tried)) {
      const request: Request = { class: "capability", name };
      const answer = await actor.does(line);
      const isGranted = decide(policy, request).outcome === "granted";
      expect(answer === "0", `${granted.join()}: ${name}: ${answer}`).toBe(isGranted);
      fs.chownSync(file, 0, 0);
    }
  }
  expect(lsm.events(OWN)).toContainEqual(
    expect.objectContaining({ kind: "capability", denied: true }),
  );
});

test("the mediator takes no domain from a process that has a label", async () => {
  const socket = "/tmp/lsm-others.sock";
  const server = createServer().listen(socket);
  await once(server, "listening");
  lsm.domain(OWN, "disabled", rules("r /**"));
  const refusalOf = async (name: string) => {
    const connected = once(server, "connection") as Promise<[Socket]>;
    expect(await victims.get(name)?.does(`connect ${socket}`)).toBe("0");
    const [peer] = await connected;
    const why = refusal((peer as unknown as { _handle: { fd: number } })._handle.fd);
    peer.destroy();
    return why;
  };
  expect(await refusalOf("superDom")).toBe(null);
  expect(await refusalOf("own")).toBe("it is in a domain of the kernel's engine");
  server.close();
  fs.rmSync(socket, { force: true });
});
