import { beforeEach, expect, test } from "vitest";
import { NOTED_BYTES, NotedProcesses } from "../../src/mediate/domain/noted-processes.ts";
import { SELF_CONFINED_BYTES, SelfConfined } from "../../src/mediate/domain/self-confined.ts";
import { KIN_KEPT_MAX } from "../../src/mediate/limits.ts";
import { clockTicksNow } from "../../src/mediate/sys/clock-ticks.ts";

const PLACES = 4;
const DAEMON = 10;
/** Outside the domain: the daemon's parent, which also takes orphans. */
const HOST = 1;
/** Clock ticks that every host has been up for when its tests run. */
const A_WHILE = 3_000n;

type Kin = { parent: number; start: bigint };

/** The host's processes by number; a test moves them as a host would. */
let host: Map<number, Kin>;
let memory: { own: Buffer; places: Buffer[] };
let reads: number;
let now: bigint;

beforeEach(() => {
  now = clockTicksNow();
  host = new Map([
    [HOST, { parent: 0, start: 0n }],
    [DAEMON, { parent: HOST, start: now - A_WHILE }],
  ]);
  memory = {
    own: Buffer.alloc(SELF_CONFINED_BYTES),
    places: Array.from({ length: PLACES }, () => Buffer.alloc(NOTED_BYTES)),
  };
  reads = 0;
});

/** What a mediator, its worker or its successor makes of the memory. */
function mediator(believes = true): SelfConfined {
  const read = (pid: number) => {
    reads += 1;
    return host.get(pid) ?? null;
  };
  const noted = new NotedProcesses(memory.places, (pid) => host.get(pid)?.start ?? null);
  const lineage = {
    read,
    bears: (pid: number) => pid !== HOST,
    isFirst: ({ pid }: { pid: number }) => pid === DAEMON,
  };
  return new SelfConfined(memory.own, noted, read, believes ? lineage : null);
}

/** Born now, or `ago` ticks earlier. */
function born(pid: number, parent: number, ago = 0n): number {
  host.set(pid, { parent, start: clockTicksNow() - ago + 1n });
  return pid;
}

test("a reused process id is neither the confined process nor the unconfined one", () => {
  const confined = mediator();
  born(20, DAEMON, A_WHILE / 2n);
  confined.mark(20);
  expect(confined.has(20)).toBe(true);
  born(20, DAEMON);
  expect(confined.has(20), "another child of the daemon").toBe(false);
  born(21, DAEMON, 0n);
  host.set(21, { parent: DAEMON, start: now - 1n + A_WHILE });
  expect(confined.has(21)).toBe(false);
  host.set(21, { parent: HOST, start: now + 2n * A_WHILE });
  expect(confined.has(21), "an orphan with the number of a process that was known").toBe(true);
});

test("a process known as unconfined stays so when its parent ends; others do not", () => {
  const confined = mediator();
  born(20, DAEMON, A_WHILE);
  confined.mark(20);
  const start = clockTicksNow();
  host.set(30, { parent: DAEMON, start });
  host.set(31, { parent: 30, start });
  now = clockTicksNow();
  while (clockTicksNow() <= now);
  expect(confined.has(31)).toBe(false);
  host.delete(30);
  host.set(31, { parent: HOST, start: host.get(31)?.start ?? 0n });
  expect(confined.has(31)).toBe(false);
  expect(mediator().has(31), "a successor").toBe(true);
});

test("a line that breaks while it is followed is not believed", () => {
  born(20, DAEMON, A_WHILE);
  mediator().mark(20);
  born(30, DAEMON);
  const moving = new SelfConfined(
    memory.own,
    new NotedProcesses(memory.places, () => null),
    (pid) => {
      const found = host.get(pid) ?? null;
      // The parent ends right after it was read, and another process gets its number.
      if (pid === DAEMON) host.set(30, { parent: HOST, start: host.get(30)?.start ?? 0n });
      return found;
    },
    { read: (pid) => host.get(pid) ?? null, bears: () => true, isFirst: () => false },
  );
  expect(moving.has(30)).toBe(true);
});

test("without descriptors to read processes, all that begin later count as confined", () => {
  const blind = () => {
    throw new Error("EMFILE");
  };
  const noted = new NotedProcesses(memory.places, blind);
  new SelfConfined(memory.own, noted, blind, {
    read: blind,
    bears: () => true,
    isFirst: () => true,
  }).mark(20);
  born(30, DAEMON);
  expect(mediator().has(30)).toBe(true);
  expect(mediator().has(DAEMON)).toBe(false);
});

test("places of ended processes are reused; without one, later processes are confined", () => {
  const confined = mediator();
  for (let turn = 0; turn < 3 * PLACES; turn++) {
    born(100 + turn, DAEMON, A_WHILE);
    confined.mark(100 + turn);
    if (turn > 0) host.delete(99 + turn);
  }
  born(30, DAEMON);
  expect(confined.has(30)).toBe(false);
  for (let more = 0; more < PLACES; more++) confined.mark(born(200 + more, DAEMON, A_WHILE));
  expect(confined.has(born(31, DAEMON))).toBe(true);
  expect(confined.has(DAEMON)).toBe(false);
});

test("what is remembered of processes is bounded, and each is followed once", () => {
  const confined = mediator();
  confined.mark(born(20, DAEMON, A_WHILE));
  const start = clockTicksNow();
  for (let pid = 1_000; pid < 1_000 + 3 * KIN_KEPT_MAX; pid++)
    host.set(pid, { parent: DAEMON, start });
  while (clockTicksNow() <= start);
  for (let pid = 1_000; pid < 1_000 + 3 * KIN_KEPT_MAX; pid++) confined.has(pid);
  reads = 0;
  confined.has(1_000 + 3 * KIN_KEPT_MAX - 1);
  expect(reads, "itself alone").toBe(1);
  confined.has(1_000);
  expect(reads).toBeGreaterThan(2);
});

test("in a sealed domain, whose subreapers are unknown, later processes count as confined", () => {
  const confined = mediator(false);
  confined.mark(born(20, DAEMON, A_WHILE));
  expect([confined.has(20), confined.has(born(30, DAEMON)), confined.has(DAEMON)]).toEqual([
    true,
    true,
    false,
  ]);
});
