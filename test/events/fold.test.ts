import { expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import { Fold, type FoldLimits } from "../../src/events/fold.ts";
import { anEvent } from "./an-event.ts";

function recorded(limits?: FoldLimits) {
  const out: [object: string, count: number][] = [];
  const lifecycle = (operation: string, object: string, count: number) =>
    anEvent({ class: "lifecycle", operation, object, count });
  return {
    out,
    fold: new Fold((event: Event) => out.push([event.object, event.count]), lifecycle, limits),
  };
}

test("the first event is passed on at once, repeats counted at the next flush", () => {
  const { out, fold } = recorded();
  for (let i = 0; i < 1_000; i++)
    fold.add(anEvent({ id: String(i), process: { ...anEvent().process, pid: i } }));
  expect(out).toEqual([["/etc/shadow", 1]]);
  fold.flush();
  fold.flush();
  expect(out).toEqual([
    ["/etc/shadow", 1],
    ["/etc/shadow", 999],
  ]);
});

test("a record says when the first and the last of those it stands for were", () => {
  const out: Event[] = [];
  const fold = new Fold(
    (event) => out.push(event),
    (operation) => anEvent({ operation }),
  );
  const at = (second: number) => `2026-01-02T03:04:0${second}.000Z`;
  for (const second of [1, 2, 3]) fold.add(anEvent({ time: at(second) }));
  fold.flush();
  fold.add(anEvent({ time: at(4) }));
  fold.flush();
  // What was folded before: a mediator's record that comes through a collector.
  fold.add(anEvent({ time: at(7), first: at(5), count: 3 }));
  fold.flush();
  expect(out.map(({ first, time, count }) => [first, time, count])).toEqual([
    [undefined, at(1), 1],
    [at(2), at(3), 2],
    [undefined, at(4), 1],
    [at(5), at(7), 3],
  ]);
});

test("audit events are passed on as they are, however many alike", () => {
  const { out, fold } = recorded({ named: 1 });
  for (let i = 0; i < 5; i++)
    fold.add(anEvent({ verdict: "audit", class: "audit", object: "warning" }));
  fold.flush();
  expect(out).toEqual(Array.from({ length: 5 }, () => ["warning", 1]));
});

test("events that differ in more than time and process are not folded", () => {
  const { out, fold } = recorded();
  for (const operation of ["read", "write"])
    for (const object of ["/a", "/b"]) fold.add(anEvent({ operation, object }));
  fold.add(anEvent({ verdict: "warning", object: "/a" }));
  expect(out).toHaveLength(5);
});

test("of processes that have ended the name tells programs apart", () => {
  const out: Event[] = [];
  const lifecycle = (operation: string) => anEvent({ operation });
  const fold = new Fold((event) => out.push(event), lifecycle);
  for (const comm of ["one", "two", "one"])
    fold.add(anEvent({ process: { pid: 1, uid: 0, comm, executable: null } }));
  fold.flush();
  expect(out.map(({ process, count }) => [process.comm, count])).toEqual([
    ["one", 1],
    ["two", 1],
    ["one", 1],
  ]);
});

test("memory is bounded, and a kind that is forgotten for room is reported first", () => {
  const { out, fold } = recorded({ remembered: 2 });
  for (const object of ["/a", "/a", "/b", "/c"]) fold.add(anEvent({ object }));
  expect(out).toEqual([
    ["/a", 1],
    ["/b", 1],
    ["/a", 1],
    ["/c", 1],
  ]);
});

test("counts of events that were folded before add up", () => {
  const { out, fold } = recorded();
  fold.add(anEvent({ count: 3 }));
  fold.add(anEvent({ count: 4 }));
  fold.flush();
  expect(out).toEqual([
    ["/etc/shadow", 3],
    ["/etc/shadow", 4],
  ]);
});

test("a flood of events is bounded between flushes; one line counts the rest", () => {
  const { out, fold } = recorded({ named: 3 });
  const flood = (from: string) => {
    for (let i = 0; i < 10_000; i++) fold.add(anEvent({ object: `/${from}${i}` }));
  };
  flood("a");
  expect(out.map(([object]) => object)).toEqual(["/a0", "/a1", "/a2"]);
  fold.flush();
  expect(out.splice(0).at(-1)).toEqual(["9997 events beyond the first 3 different ones", 9_997]);
  flood("b");
  expect(out.map(([object]) => object)).toEqual(["/b0", "/b1", "/b2"]);
});

test("a kind with a line is counted exactly while others get none", () => {
  const { out, fold } = recorded({ named: 1 });
  for (const object of ["/a", "/b", "/a", "/b", "/a"]) fold.add(anEvent({ object }));
  fold.flush();
  expect(out).toEqual([
    ["/a", 1],
    ["/a", 2],
    ["2 events beyond the first 1 different ones", 2],
  ]);
});

test("a flush reports as many kinds as have a line, the last one reports all", () => {
  const { out, fold } = recorded({ named: 2 });
  const repeat = (objects: readonly string[]) => {
    for (const object of objects) fold.add(anEvent({ object }));
  };
  repeat(["/a", "/b"]);
  fold.flush();
  repeat(["/c", "/d"]);
  fold.flush();
  out.splice(0);
  repeat(["/a", "/b", "/c", "/d"]);
  fold.flush();
  expect(out.splice(0)).toEqual([
    ["/a", 1],
    ["/b", 1],
  ]);
  repeat(["/a"]);
  fold.flush(Number.POSITIVE_INFINITY);
  expect(out).toEqual([
    ["/c", 1],
    ["/d", 1],
    ["/a", 1],
  ]);
});

test("Cofferdam's own events are never among those that get no line", () => {
  const { out, fold } = recorded({ named: 1 });
  fold.add(anEvent({ object: "/a" }));
  fold.add(anEvent({ class: "lifecycle", operation: "folded", object: "7 events", count: 7 }));
  expect(out.at(-1)).toEqual(["7 events", 7]);
});
