import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Permission } from "../../src/model/permission.ts";
import type { NameRule } from "../../src/model/policy.ts";
import { Arena, arenaMissing, needsArena } from "./arena.ts";
import { connectUnix, nameRule, policyOf } from "./policies.ts";

const RACE_TRIES = 100_000;

let arena: Arena;
let program: string;

beforeAll(() => {
  if (arenaMissing() !== null) return;
  arena = new Arena();
  program = arena.compile("probe");
});
afterAll(() => arena?.remove());
beforeEach(needsArena);

const hex = (name: string) => Buffer.from(name).toString("hex");

/** Answers to a connect of a stream socket and a send of a datagram socket to each name. */
async function reach(
  rules: readonly NameRule[],
  names: readonly string[],
): Promise<Record<string, string>> {
  const plan = await arena.prepare(policyOf({ names: rules }));
  const connects = arena.probe(
    program,
    plan,
    names.map((name) => `unix-connect stream ${hex(name)}`),
  );
  const sends = arena.probe(
    program,
    plan,
    names.map((name) => `unix-send dgram ${hex(name)}`),
  );
  return Object.fromEntries(
    names.map((name, i) => [
      name,
      connects[i] === sends[i] ? connects[i]! : `${connects[i]} ${sends[i]}`,
    ]),
  );
}

/** Runs `work` while another process holds the names bound. */
async function whileServing<T>(
  kind: "stream" | "dgram",
  names: readonly string[],
  work: () => T | Promise<T>,
): Promise<T> {
  const server = spawn(arena.compile("serve"), [kind, ...names.map(hex)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(server.stdout, "data");
  try {
    return await work();
  } finally {
    server.stdin.end();
    await once(server, "close");
  }
}

test("names are granted by pattern; all others are refused before they are looked up", async () => {
  const dir = arena.scratch;
  expect(
    await reach(
      [connectUnix(`${dir}/*.sock`), connectUnix(`${dir}/no.sock`, "deny"), connectUnix("@bus-*")],
      [
        `${dir}/a.sock`,
        `${dir}/no.sock`,
        `${dir}/a`,
        "\0bus-1",
        "\0other",
        "\0bus-1\0",
        "@bus-1",
        "a.sock",
        `x${dir.slice(1)}/a.sock`,
        `${dir}//a.sock`,
        `${dir}/./a.sock`,
      ],
    ),
  ).toEqual({
    [`${dir}/a.sock`]: "ENOENT",
    [`${dir}/no.sock`]: "EACCES",
    [`${dir}/a`]: "EACCES",
    "\0bus-1": "ECONNREFUSED",
    "\0other": "EACCES",
    "\0bus-1\0": "EACCES",
    "@bus-1": "EACCES",
    "a.sock": "EACCES",
    [`x${dir.slice(1)}/a.sock`]: "EACCES",
    [`${dir}//a.sock`]: "EACCES",
    [`${dir}/./a.sock`]: "EACCES",
  });
});

test("a pathname ends at its first NUL and may fill sun_path", async () => {
  const long = `${arena.scratch}/`.padEnd(108, "x");
  const said = await reach(
    [connectUnix(`${arena.scratch}/**`)],
    [`${arena.scratch}/a\0/../b`, long, ""],
  );
  expect(said).toEqual({ [`${arena.scratch}/a\0/../b`]: "ENOENT", [long]: "ENOENT", "": "EINVAL" });
  const exact = await reach([connectUnix(long.slice(0, -1))], [long]);
  expect(exact).toEqual({ [long]: "EACCES" });
});

test("a name that the domain could replace is refused although it is granted", async () => {
  const dir = arena.scratch;
  const rules = [
    connectUnix(`${dir}/**`),
    nameRule(Permission.create | Permission.delete, `${dir}/own/**`),
  ];
  expect(await reach(rules, [`${dir}/own/a`, `${dir}/own/b/c`, `${dir}/a`])).toEqual({
    [`${dir}/own/a`]: "EACCES",
    [`${dir}/own/b/c`]: "EACCES",
    [`${dir}/a`]: "ENOENT",
  });
});

test("every kind of unix socket is judged, the ends of a pair included", async () => {
  const plan = await arena.prepare(policyOf({ names: [connectUnix("@yes")] }));
  const kinds = ["stream", "seqpacket", "dgram", "pair"];
  const lines = kinds.flatMap((kind) => [
    `unix-connect ${kind} ${hex("\0yes")}`,
    `unix-connect ${kind} ${hex("\0no")}`,
  ]);
  expect(arena.probe(program, plan, lines)).toEqual(
    kinds.flatMap(() => ["ECONNREFUSED", "EACCES"]),
  );
  const sends = ["dgram", "pair"].flatMap((kind) => [
    `unix-send ${kind} ${hex("\0yes")}`,
    `unix-send ${kind} ${hex("\0no")}`,
  ]);
  expect(arena.probe(program, plan, sends)).toEqual([
    "ECONNREFUSED",
    "EACCES",
    "ECONNREFUSED",
    "EACCES",
  ]);
  expect(arena.probe(program, null, [`unix-connect pair ${hex("\0no")}`])).toEqual([
    "ECONNREFUSED",
  ]);
});

test("a granted server is reached", async () => {
  const names = [join(arena.scratch, "real.sock"), "\0cofferdam-real"];
  const plan = await arena.prepare(
    policyOf({ names: [connectUnix(names[0]!), connectUnix("@cofferdam-real")] }),
  );
  const said = await whileServing("stream", names, () =>
    arena.probe(
      program,
      plan,
      names.map((name) => `unix-connect stream ${hex(name)}`),
    ),
  );
  expect(said).toEqual(["OK", "OK"]);
});

test(`an address that a thread flips reaches no other socket in ${RACE_TRIES} tries`, async () => {
  const race = arena.compile("race");
  const [granted, other] = [join(arena.scratch, "race-a"), join(arena.scratch, "race-b")];
  const run = (procs: string, tries: number) =>
    execFileSync(race, [procs, granted, other, String(tries)], { encoding: "utf8" })
      .trim()
      .split(" ")
      .map(Number);
  const plan = await arena.prepare(policyOf({ names: [connectUnix(granted)] }));
  await whileServing("dgram", [granted, other], () => {
    const [reached, denied, wrong] = run(arena.child(plan), RACE_TRIES);
    expect(wrong).toBe(0);
    expect(reached).toBeGreaterThan(0);
    expect(denied).toBeGreaterThan(0);
    // Unconfined the same program reaches both.
    expect(run("-", RACE_TRIES)[2]).toBeGreaterThan(0);
  });
});
