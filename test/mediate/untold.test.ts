import { expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import type { Refusal } from "../../src/mediate/answer/outcome.ts";
import type { Broker } from "../../src/mediate/domain/broker.ts";
import type { EventOutput } from "../../src/mediate/report/event-output.ts";
import { Reporter } from "../../src/mediate/report/reporter.ts";
import { UNTOLD_BYTES, Untold } from "../../src/mediate/report/untold.ts";
import { scenePlan } from "./scene.ts";

const plan = scenePlan({ rules: [], supervised: "enforcing" }, "/nowhere");
const broker = {
  plan,
  policy: plan.mediation.policy,
  level: () => "enforcing",
  threads: { processOf: () => process.pid },
} as unknown as Broker;
const refusal = (object: string): Refusal => ({
  class: "name",
  operation: "read",
  object,
  reason: "no-rule",
  request: null,
});

/** `hasLog`: false while the log takes nothing. */
function reporter(memory: Buffer, hasLog = true) {
  const events: Event[] = [];
  const output: EventOutput = {
    append: (event, owner) => {
      if (!hasLog) return;
      events.push(event);
      owner?.passedOn(event.count);
    },
    flush: () => false,
    close: () => undefined,
    abandon: () => undefined,
  };
  const told = new Reporter(broker, output, new Untold(memory));
  told.succeed();
  return { told, events, output };
}

const sum = (events: readonly Event[]) => events.reduce((all, { count }) => all + count, 0);

test("counts that a killed mediator had not written are reported by its successor, once", () => {
  const memory = Buffer.alloc(UNTOLD_BYTES);
  const killed = reporter(memory);
  for (let count = 0; count < 10; count++) killed.told.outside(1, "denied", refusal("/a"));
  killed.told.outside(1, "warning", refusal("/b"));
  expect(sum(killed.events)).toBe(2);
  const successor = reporter(memory);
  expect(successor.events).toMatchObject([
    { class: "lifecycle", operation: "lost", verdict: "failed", count: 9 },
  ]);
  expect(reporter(memory).events).toEqual([]);
});

test("they are still reported when the log has taken nothing from one that was killed, too", () => {
  const memory = Buffer.alloc(UNTOLD_BYTES);
  for (const hasLog of [true, false, false])
    for (let count = 0; count < 10; count++)
      reporter(memory, hasLog).told.outside(1, "denied", refusal("/a"));
  expect(sum(reporter(memory).events)).toBe(20);
  expect(reporter(memory).events).toEqual([]);
});

test("a worker's counts become its mediator's, until the log has them", () => {
  const [memory, workers] = [Buffer.alloc(UNTOLD_BYTES), Buffer.alloc(UNTOLD_BYTES)];
  new Untold(workers).counted(7);
  reporter(memory, false).told.lostWith(new Untold(workers));
  expect(new Untold(workers).count).toBe(0);
  expect(sum(reporter(memory).events)).toBe(7);
});

test("memory that was given back is not written", () => {
  const memory = Buffer.alloc(UNTOLD_BYTES);
  const untold = new Untold(memory);
  untold.counted(3);
  const told = new Reporter(broker, reporter(Buffer.alloc(UNTOLD_BYTES)).output, untold);
  told.close();
  untold.passedOn(2);
  expect(memory.readUInt32LE()).toBe(3);
});

test("what was written is not lost: repeats, own failures, and more kinds than get a line", () => {
  const memory = Buffer.alloc(UNTOLD_BYTES);
  const { told, events } = reporter(memory);
  for (let count = 0; count < 3_000; count++)
    told.outside(1, "denied", refusal(`/${count % 1_500}`));
  told.failed("no reason", "at all");
  told.unknownOutcome(1, "mkdir");
  told.flush();
  expect(sum(events)).toBe(3_002);
  expect(reporter(memory).events).toEqual([]);
});
