import { expect, test } from "vitest";
import { parseLine } from "../../src/events/collector/said.ts";
import { levelChange } from "../../src/events/doc/sample.ts";
import { isEvent } from "../../src/events/event-shape.ts";
import { encodeRecord, genesis, parseRecord } from "../../src/events/log/record.ts";
import { anEvent } from "./an-event.ts";

const plain = JSON.parse(JSON.stringify(anEvent()));

test("events are events, of a newer version too", () => {
  for (const event of [plain, JSON.parse(JSON.stringify(levelChange))])
    expect(isEvent(event)).toBe(true);
  const newer = { ...plain, reason: "no-new-code", engine: "bpf-lsm", class: "memory", more: [1] };
  expect(isEvent(newer)).toBe(true);
});

test("without a member that readers rely on, or with one of another type, it is none", () => {
  const needed = Object.keys(plain).filter((name) => !["monotonic", "engine"].includes(name));
  for (const name of needed) {
    const { [name]: _, ...without } = plain;
    expect(isEvent(without), `without ${name}`).toBe(false);
    expect(isEvent({ ...plain, [name]: [7] }), `${name} is a list`).toBe(false);
  }
  for (const odd of [null, 7, "event", [], {}, { ...plain, verdict: "toString" }])
    expect(isEvent(odd)).toBe(false);
});

test("a foreign line in log or pipe is no event, and breaks no reader", () => {
  const { line } = encodeRecord(anEvent(), genesis);
  const odd = line.trimEnd().replace('"process":{"pid":123', '"process":{"pid":"123"');
  expect(parseRecord(line.trimEnd())).not.toBeNull();
  expect(parseRecord(odd)).toBeNull();
  expect(parseLine(JSON.stringify({ ...plain, process: null }))).toBeNull();
  expect(parseLine('{"daemon":"7"}')).toBeNull();
  expect(parseLine('{"daemon":7}')).toEqual({ daemon: 7 });
});
