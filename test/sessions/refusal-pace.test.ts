import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Event } from "../../src/events/event.ts";
import { RefusalPace } from "../../src/sessions/refusal-pace.ts";
import { anEvent } from "../events/an-event.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const flood = (pace: RefusalPace, user: number, times: number): void => {
  for (let i = 0; i < times; i++)
    pace.add(user, anEvent({ object: `try ${i}`, time: new Date(i).toISOString() }));
};

test("a flood of refusals cannot fill the log, and each of them is counted in it", () => {
  const told: Event[] = [];
  const pace = new RefusalPace(
    (event) => told.push(event),
    (error) => expect.unreachable(String(error)),
  );
  flood(pace, 1000, 10_000);
  expect(told).toHaveLength(200);
  vi.advanceTimersByTime(60_000);
  expect(told).toHaveLength(201);
  expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
  expect(told.at(-1)).toMatchObject({
    object: "try 9999",
    count: 9_800,
    first: new Date(200).toISOString(),
  });
  flood(pace, 1000, 1);
  expect(told).toHaveLength(202);
});

test("one user's flood takes no record from another", () => {
  const told: Event[] = [];
  const pace = new RefusalPace(
    (event) => told.push(event),
    (error) => expect.unreachable(String(error)),
  );
  flood(pace, 1000, 500);
  flood(pace, 1001, 200);
  expect(told).toHaveLength(400);
  vi.advanceTimersByTime(60_000);
  expect(told.map(({ count }) => count).at(-1)).toBe(300);
  expect(told).toHaveLength(401);
  flood(pace, 1000, 201);
  pace.close();
  expect(told).toHaveLength(602);
});

test("a count that cannot be logged at the end of its minute is reported, and ends nothing", () => {
  let isFull = false;
  const failures: unknown[] = [];
  const tell = (): void => {
    if (isFull) throw new Error("full");
  };
  flood(new RefusalPace(tell, (error) => failures.push(error)), 1000, 201);
  isFull = true;
  vi.advanceTimersByTime(60_000);
  expect(failures).toEqual([new Error("full")]);
});
