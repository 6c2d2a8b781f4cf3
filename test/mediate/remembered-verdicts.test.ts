import { readdirSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { addressOf } from "../../src/kernel/ffi.ts";
import { number } from "../../src/kernel/syscalls.ts";
import { CONTINUE, goesOn, unable } from "../../src/mediate/answer/outcome.ts";
import type { Call } from "../../src/mediate/calls/call.ts";
import {
  type Registers,
  RememberedVerdicts,
} from "../../src/mediate/domain/remembered-verdicts.ts";
import { abi, E } from "../../src/mediate/sys/abi.ts";

/** The process of the test is the one that asks: its own memory is read. */
const tid = process.pid;
const PAGE = 4096;
const CWD = BigInt.asUintN(64, BigInt(abi.AT_FDCWD));
const OUTSIDE = goesOn(unable(E.ACCES, "openat", "a test").refusal);

let verdicts: RememberedVerdicts;
/** What performance.now() says: the machine may be as slow as it likes. */
let now = 0;
beforeEach(() => {
  verdicts = new RememberedVerdicts();
  vi.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

interface Asked {
  readonly path: Buffer | bigint;
  readonly flags?: number;
  readonly from?: bigint;
  readonly call?: string;
}

/** An openat as its registers have it. */
function registers({ path, flags = 0, from = CWD, call = "openat" }: Asked): Registers {
  const at = typeof path === "bigint" ? path : addressOf(path);
  const words = call === "open" ? [at, BigInt(flags)] : [from, at, BigInt(flags)];
  const word = (index: number) => words[index] ?? 0n;
  return {
    tid,
    number: number(call) ?? -1,
    argumentLow: (index) => Number(word(index) & 0xffffffffn),
    argumentHigh: (index) => Number(word(index) >> 32n),
  };
}

/** The same once it has been judged. */
function judged({ path, flags = 0, from = CWD, call = "openat" }: Asked, mayWait = false): Call {
  const text = typeof path === "bigint" ? "" : path.toString("latin1").split("\0")[0];
  const words = call === "open" ? [0n, BigInt(flags)] : [from, 0n, BigInt(flags)];
  const found = {
    number: number(call),
    word: (index: number) => words[index] ?? 0n,
    int: (index: number) => Number(BigInt.asIntN(32, words[index] ?? 0n)),
    target: { tid, memory: { string: () => text } },
    broker: { mayWait },
  };
  return found as unknown as Call;
}

function named(path: string): Buffer {
  // Its own stretch of memory, which stays where it is.
  const bytes = Buffer.alloc(PAGE + path.length + 1);
  bytes.write(path, "latin1");
  return bytes;
}

/** Another thread of this process, with the same memory. */
function threadBeside(): number {
  return Number(readdirSync("/proc/self/task").find((name) => name !== String(tid)));
}

function lately(asked: Asked) {
  return verdicts.lately(registers(asked), now);
}

test("what was inside is known again by path and flags, and nothing else is", () => {
  const asked = { path: named("/srv/www/index.html") };
  expect(lately(asked)).toBeNull();
  verdicts.remember(judged(asked), CONTINUE);
  expect(lately({ path: named("/srv/www/index.html") })).toBe(CONTINUE);
  expect(lately({ ...asked, call: "open" })).toBe(CONTINUE);
  expect(lately({ ...asked, flags: abi.O_NONBLOCK }), "asks for no other right").toBe(CONTINUE);
  for (const other of [
    { path: named("/srv/www/index.htm") },
    { path: named("/srv/www/index.html2") },
    { path: named("/srv/www/indey.html") },
    { path: named("") },
    { ...asked, flags: 1 },
    { ...asked, flags: abi.O_CREAT },
    { ...asked, call: "openat2" },
    { ...asked, call: "unlink" },
  ])
    expect(lately(other)).toBeNull();
});

test("what was outside is known again, but not where the name may be made", () => {
  const asked = { path: named("/etc/shadow") };
  verdicts.remember(judged(asked), OUTSIDE);
  expect(lately(asked)).toBe(OUTSIDE);
  const made = { path: named("/etc/new"), flags: abi.O_CREAT | 1 };
  verdicts.remember(judged(made), OUTSIDE);
  expect(lately(made)).toBeNull();
  verdicts.remember(judged(made), CONTINUE);
  expect(lately(made)).toBe(CONTINUE);
});

test("a name is found again wherever it lies in memory, and whatever its length", () => {
  for (const length of [2, 255, 256, 257, PAGE - 1]) {
    const path = `/${"x".repeat(length - 1)}`;
    verdicts.remember(judged({ path: named(path) }), CONTINUE);
    const bytes = Buffer.alloc(4 * PAGE);
    const at = 2 * PAGE - Number(addressOf(bytes) % BigInt(PAGE)) - 1;
    bytes.write(path, at, "latin1");
    const acrossPages = { path: addressOf(bytes) + BigInt(at) };
    expect([length, lately(acrossPages)]).toEqual([length, CONTINUE]);
    expect(lately({ path: named(path) })).toBe(CONTINUE);
  }
});

test("a name without an end and unreadable memory are left to the judgement", () => {
  const endless = Buffer.alloc(2 * PAGE, "/");
  verdicts.remember(judged({ path: named("/a") }), CONTINUE);
  expect(lately({ path: endless })).toBeNull();
  for (const nowhere of [0n, 8n, 1n << 55n, 2n ** 64n - 1n])
    expect(lately({ path: nowhere })).toBeNull();
});

test("for a relative name the asking process and its directory count", () => {
  const asked = { path: named("index.html") };
  verdicts.remember(judged(asked), CONTINUE);
  expect(lately(asked)).toBe(CONTINUE);
  expect(lately({ ...asked, from: 5n }), "from a descriptor").toBeNull();
  expect(
    verdicts.lately({ ...registers(asked), tid: threadBeside() }, now),
    "another thread",
  ).toBeNull();
  const fromDescriptor = { path: named("other.html"), from: 5n };
  verdicts.remember(judged(fromDescriptor), CONTINUE);
  expect(lately(fromDescriptor)).toBeNull();
  expect(lately({ path: named("other.html") })).toBeNull();
});

test("an absolute name means the same for every thread, until threads are told apart", () => {
  const asked = { path: named("/srv/file") };
  const other = { ...registers(asked), tid: threadBeside() };
  verdicts.remember(judged(asked), CONTINUE);
  expect(verdicts.lately(other, now)).toBe(CONTINUE);
  verdicts.tellThreadsApart();
  expect(lately(asked)).toBeNull();
  verdicts.remember(judged(asked), CONTINUE);
  expect(lately(asked)).toBe(CONTINUE);
  expect(verdicts.lately(other, now)).toBeNull();
});

test("names that depend on the caller, and what a worker judged, are not remembered", () => {
  for (const name of ["/proc/self/status", "/dev/fd/3", "/dev/tty"]) {
    const asked = { path: named(name) };
    verdicts.remember(judged(asked), CONTINUE);
    expect([name, lately(asked)]).toEqual([name, null]);
  }
  const asked = { path: named("/srv/file") };
  verdicts.remember(judged(asked, true), CONTINUE);
  expect(lately(asked)).toBeNull();
});

test("a verdict is believed for a second, and until it is forgotten", () => {
  const asked = { path: named("/srv/file") };
  verdicts.remember(judged(asked), CONTINUE);
  now += 999;
  expect(lately(asked)).toBe(CONTINUE);
  now += 1;
  expect(lately(asked)).toBeNull();
  verdicts.remember(judged(asked), CONTINUE);
  expect(lately(asked)).toBe(CONTINUE);
  verdicts.forget();
  expect(lately(asked)).toBeNull();
});

test("thousands of names at most are remembered, the latest", () => {
  const names = Array.from({ length: 5_000 }, (_, index) => ({ path: named(`/srv/${index}`) }));
  for (const asked of names) verdicts.remember(judged(asked), CONTINUE);
  const known = names.filter((asked) => lately(asked) !== null);
  expect(known.length).toBeGreaterThan(4_000);
  expect(known.length).toBeLessThanOrEqual(4_096);
  expect(lately(names.at(-1) ?? { path: 0n })).toBe(CONTINUE);
  expect(lately(names[0] ?? { path: 0n })).toBeNull();
});
