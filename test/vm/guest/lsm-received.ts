/** Descriptors that come from another process: `decide()` against the bpf-lsm engine. */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decide } from "../../../src/model/decide.ts";
import { levels } from "../../../src/model/level.ts";
import type { Policy } from "../../../src/model/policy.ts";
import { ACT, Lsm, policyOf, Trying, word } from "./lsm-arena.ts";

/** The taker's, another for each policy, because a request of a domain is told once. */
let domain = 1000;
const FOLDER = "/tmp/lsm-received";
const RECEIVER = "lsm-received";
let lsm: Lsm;
/** In no domain. */
let giver: Trying;
let taker: Trying;

beforeAll(async () => {
  fs.mkdirSync(`${FOLDER}/d`, { recursive: true });
  for (const name of ["a", "b", "d/c"]) fs.writeFileSync(`${FOLDER}/${name}`, "");
  lsm = new Lsm();
  giver = new Trying(ACT);
  taker = new Trying(ACT);
  expect(await taker.does(`receiver ${RECEIVER}`)).toBe("0");
});

afterAll(async () => {
  for (const one of [giver, taker]) await one.end();
});

function inForce(policy: Policy): Policy {
  domain += 1;
  lsm.domain(domain, "enforcing", policy.names, policy);
  lsm.engine.labels.adopt(domain, () => [taker.pid]);
  return policy;
}

/** Whether the taker got the descriptor. */
async function gets(what: string): Promise<boolean> {
  expect(await giver.does(`give ${RECEIVER} ${what}`), what).toBe("0");
  const answer = await taker.does("take");
  expect(["0", "EBADF"], what).toContain(answer);
  return answer === "0";
}

/** What is given, and the lines each of which alone grants that it is received. */
type Case = readonly [string, readonly string[]];

/**
 * Gives each by each line, and by none. What is refused is one event, of which `told` is what
 * `expected` says.
 */
async function eachByEachLine(
  cases: readonly Case[],
  told: (event: ReturnType<Lsm["events"]>[number]) => string,
  expected: (what: string) => string,
): Promise<void> {
  const lines = [...new Set(["", ...cases.flatMap(([, granting]) => granting)])];
  for (const [what, granting] of cases)
    for (const line of lines) {
      inForce(policyOf([], line === "" ? [] : [line]));
      const isGranted = granting.includes(line);
      const text = `${what} by ${line}`;
      expect(await gets(what), text).toBe(isGranted);
      expect(lsm.events(domain).map(told), text).toEqual(isGranted ? [] : [expected(what)]);
    }
}

test("a file that is received is held as one that is opened", async () => {
  const sets = [
    [],
    [`r ${FOLDER}/a`],
    [`w ${FOLDER}/a`, `r ${FOLDER}/b`],
    [`rw ${FOLDER}/**`, `deny w ${FOLDER}/d/*`],
    [`r ${FOLDER}/d`],
  ];
  for (const lines of sets) {
    const policy = inForce(policyOf(lines, []));
    const refused: string[] = [];
    for (const name of ["a", "b", "d/c", "d"])
      for (const operation of ["read", "write"] as const) {
        if (name === "d" && operation === "write") continue;
        const path = `${FOLDER}/${name}`;
        const { outcome } = decide(policy, { class: "name", operation, path });
        const told = `${lines.join()}: ${operation} ${name}`;
        expect(await gets(`${operation} ${path}`), told).toBe(outcome === "granted");
        if (outcome !== "granted") refused.push(path);
      }
    expect(lsm.events(domain).map(({ name }) => name)).toEqual(refused);
  }
});

test("levels are those of any request", async () => {
  inForce(policyOf([], []));
  for (const level of levels) {
    lsm.engine.setLevel(domain, level);
    expect(await gets(`read ${FOLDER}/a`), level).toBe(level !== "enforcing");
    const denied = { enforcing: [true], warning: [false], disabled: [] }[level];
    expect(lsm.events(domain).map((event) => event.denied)).toEqual(denied);
  }
});

test("what leads to no name, or opens nothing, is received", async () => {
  inForce(policyOf([], []));
  for (const what of [
    "pipe",
    "pair",
    "memfd",
    `path ${FOLDER}/a`,
    "udp none 127.0.0.1 0",
    "tcp bind 127.0.0.1 7001",
  ])
    expect(await gets(what), what).toBe(true);
  expect(lsm.events(domain)).toEqual([]);
});

test("services and families need their words", async () => {
  const cases = [
    { what: "perf", granted: { syscalls: [word("perf_event_open")] } },
    { what: "queue", granted: { ipc: [word("mqueue")] } },
    { what: "raw", granted: policyOf([], ["raw icmp"]) },
    { what: "route", granted: policyOf([], ["netlink route"]) },
  ];
  for (const { what, granted } of cases) {
    inForce(policyOf([], []));
    expect(await gets(what), what).toBe(false);
    expect(lsm.events(domain).length, what).toBe(1);
    inForce({ ...policyOf([], []), ...granted } as Policy);
    expect(await gets(what), what).toBe(true);
  }
});

test("a socket is received by whom may serve its address, or reach its peer", async () => {
  const served = ["listen tcp 0.0.0.0:7001", "listen tcp 127.0.0.1:7001"];
  const cases: readonly Case[] = [
    ["tcp listen 127.0.0.1 7001", ["listen tcp 7001", "listen tcp 127.0.0.1:7001"]],
    ["tcp accept 127.0.0.1 7001", ["listen tcp 7001", ...served]],
    ["tcp connect 127.0.0.1 7001", ["connect tcp 127.0.0.1:7001"]],
    ["tcp connect ::1 7001", ["connect tcp [::1]:7001"]],
    ["udp bind 127.0.0.1 7001", ["listen udp 7001", "listen udp 127.0.0.1:7001"]],
    ["udp connect 127.0.0.1 7001", ["connect udp 127.0.0.1:7001"]],
  ];
  await eachByEachLine(
    cases,
    ({ kind }) => kind,
    () => "address",
  );
});

test("a unix socket is received by whom may connect to its peer, or listen there", async () => {
  const [path, abstract] = [`${FOLDER}/socket`, "@lsm-received-socket"];
  const cases: readonly Case[] = [
    [`stream listen ${path}`, [`listen unix ${path}`]],
    [`stream connect ${path}`, [`connect unix ${path}`]],
    [`stream accept ${path}`, [`listen unix ${path}`]],
    [`stream client ${path}`, [`connect unix ${path}~`]],
    [`datagram listen ${path}`, [`listen unix ${path}`]],
    [`datagram connect ${path}`, [`connect unix ${path}`]],
    [`stream listen ${abstract}`, [`listen unix ${abstract}`]],
    [`stream connect ${abstract}`, [`connect unix ${abstract}`]],
    [`stream accept ${abstract}`, [`listen unix ${abstract}`]],
  ];
  const nameOf = (what: string) => what.split(" ").at(-1) ?? "";
  await eachByEachLine(cases, ({ name }) => name.replace(/~$/, ""), nameOf);
});
