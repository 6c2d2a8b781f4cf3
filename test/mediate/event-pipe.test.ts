import { closeSync, readFileSync, readSync } from "node:fs";
import { expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import { syscall } from "../../src/kernel/ffi.ts";
import { EventPipe } from "../../src/mediate/report/event-pipe.ts";
import { anEvent } from "../events/an-event.ts";

function pipe(): { read: number; write: number } {
  const ends = Buffer.alloc(8);
  expect(syscall("pipe2", ends, 0)).toBe(0);
  return { read: ends.readInt32LE(0), write: ends.readInt32LE(4) };
}

function told(read: number): Event[] {
  const lines = readFileSync(read, "utf8").trimEnd().split("\n");
  closeSync(read);
  return lines.map((line) => JSON.parse(line));
}

/**
 * Several times what a pipe takes unasked, 64 KiB; what a run counted is written at once at its
 * end.
 */
const LINES = 600;

test("what is written at the end of a run is there for a reader that has not come yet", () => {
  const { read, write } = pipe();
  const output = new EventPipe(write);
  for (let at = 0; at < LINES; at++) output.append(anEvent({ object: `/srv/file-${at}` }));
  output.close();
  expect(told(read).map(({ object }) => object)).toEqual(
    Array.from({ length: LINES }, (_, at) => `/srv/file-${at}`),
  );
});

// Lines that fill a page's half, more than a page, and their mixture leave most of a pipe unused.
test.each([[10], [1_700], [4_000], [9_000], [10, 1_700, 4_000, 9_000]])(
  "what a stopped reader's pipe cannot take is counted in its last line (%d %d %d %d)",
  (...lengths) => {
    const { read, write } = pipe();
    const output = new EventPipe(write);
    const made = 4_000;
    for (let at = 0; at < made; at++)
      output.append(
        anEvent({ object: `/${"n".repeat(lengths[at % lengths.length] ?? 0)}`, count: 3 }),
      );
    output.close();
    const events = told(read);
    expect(events.at(-1)).toMatchObject({ operation: "lost", verdict: "failed" });
    expect(events.reduce((sum, { count }) => sum + count, 0)).toBe(3 * made);
    expect(events.length).toBeGreaterThan(10);
  },
);

test("a mediator and its worker both report what a stopped reader made them lose", () => {
  const { read, write } = pipe();
  const outputs = [write, syscall("dup", write)].map((fd) => new EventPipe(fd));
  for (let at = 0; at < 10_000; at++)
    outputs[at % 2]?.append(anEvent({ object: `/srv/${"n".repeat(at % 3_000)}` }));
  for (const output of outputs) output.close();
  const events = told(read);
  expect(events.slice(-2).map(({ operation }) => operation)).toEqual(["lost", "lost"]);
  expect(events.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
});

test("losses are reported as soon as the reader reads again", () => {
  const { read, write } = pipe();
  const output = new EventPipe(write);
  for (let at = 0; at < 4_000; at++) output.append(anEvent({ object: `/srv/file-${at}` }));
  const taken = Buffer.alloc(1 << 20);
  let text = "";
  while (output.flush()) text += taken.toString("utf8", 0, readSync(read, taken));
  output.close();
  const events = [
    ...text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
    ...told(read),
  ];
  expect(events.reduce((sum, { count }) => sum + count, 0)).toBe(4_000);
  expect(events.at(-1)).toMatchObject({ operation: "lost" });
});
