import { closeSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { syscall } from "../../src/kernel/ffi.ts";
import { EventPipe } from "../../src/mediate/event-pipe.ts";
import { anEvent } from "../events/an-event.ts";

/** Several times what a pipe takes unasked, 64 KiB; what a run counted is written at once at its end. */
const LINES = 600;

test("what is written at the end of a run is there for a reader that has not come yet", () => {
  const ends = Buffer.alloc(8);
  expect(syscall("pipe2", ends, 0)).toBe(0);
  const pipe = new EventPipe(ends.readInt32LE(4));
  for (let at = 0; at < LINES; at++) pipe.append(anEvent({ object: `/srv/file-${at}` }));
  pipe.close();
  const read = ends.readInt32LE(0);
  const lines = readFileSync(read, "utf8").trimEnd().split("\n");
  closeSync(read);
  expect(lines.map((line) => JSON.parse(line).object)).toEqual(
    Array.from({ length: LINES }, (_, at) => `/srv/file-${at}`),
  );
});
