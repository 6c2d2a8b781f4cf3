import { expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import { Fold } from "../../src/events/fold.ts";
import { anEvent } from "./an-event.ts";

function recorded(max?: number) {
  const out: [object: string, count: number][] = [];
  return { out, fold: new Fold((event: Event) => out.push([event.object, event.count]), max) };
}

test("the first event is passed on at once, repeats at the next flush with their count, once", () => {
  const { out, fold } = recorded();
  for (let i = 0; i < 1_000; i++) fold.add(anEvent({ id: String(i), process: { ...anEvent().process, pid: i } }));
  expect(out).toEqual([["/etc/shadow", 1]]);
  fold.flush();
  fold.flush();
  expect(out).toEqual([
    ["/etc/shadow", 1],
    ["/etc/shadow", 1_000],
  ]);
});

test("events that differ in more than time and process are not folded", () => {
  const { out, fold } = recorded();
  for (const operation of ["read", "write"])
    for (const object of ["/a", "/b"]) fold.add(anEvent({ operation, object }));
  fold.add(anEvent({ verdict: "granted", object: "/a" }));
  expect(out).toHaveLength(5);
});

test("memory is bounded, and a kind that is forgotten for room is reported first and counted", () => {
  const { out, fold } = recorded(2);
  for (const object of ["/a", "/a", "/b", "/c"]) fold.add(anEvent({ object }));
  expect(out).toEqual([
    ["/a", 1],
    ["/b", 1],
    ["/a", 2],
    ["/c", 1],
  ]);
  expect(fold.forgotten).toBe(1);
});

test("counts of events that were folded before add up", () => {
  const { out, fold } = recorded();
  fold.add(anEvent({ count: 3 }));
  fold.add(anEvent({ count: 4 }));
  fold.flush();
  expect(out.at(-1)).toEqual(["/etc/shadow", 7]);
});
