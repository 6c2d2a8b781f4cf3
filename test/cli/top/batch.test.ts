import { expect, test } from "vitest";
import { runBatch } from "../../../src/cli/top/batch.ts";
import { places } from "../../../src/host/places.ts";
import type { Reading } from "../../../src/sessions/view/reading.ts";
import { hearing } from "../hearing.ts";
import { aDomain, aReading } from "./a-reading.ts";

/** What is written for readings that come one after the other, without waiting between them. */
async function batch(readings: readonly Reading[], json: boolean) {
  const left = [...readings];
  const { context, ended } = hearing(
    places({ uid: 1000, env: { HOME: "/nonexistent" }, home: "/nonexistent" }),
  );
  const source = { reading: async () => left.shift() as Reading };
  await runBatch(context, source, { delay: 0, frames: readings.length - 1, json });
  const { out, err } = ended(0);
  return { out: out.trimEnd().split("\n"), err };
}

const web = aDomain("web", 49);
const later = aDomain("later", 50);
const readings = [
  aReading(0, [web]),
  aReading(1, [web]),
  aReading(2, [web, later]),
  aReading(3, [web, later]),
];

test("of a domain that comes later one line tells, and the columns stay", async () => {
  const { out, err } = await batch(readings, false);
  expect(out).toHaveLength(4);
  expect(new Set(out.map((line) => line.split('","').length)).size).toBe(1);
  expect(err).toBe("cofferdam: 50:later is new and has no columns; --json shows it\n");
});

test("as JSON it is there", async () => {
  const { out, err } = await batch(readings, true);
  expect(out.map((line) => JSON.parse(line).domains.length)).toEqual([1, 2, 2]);
  expect(err).toBe("");
});
