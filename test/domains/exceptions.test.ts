import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Exception,
  endOf,
  exceptionsText,
  placeOfGrant,
  readExceptions,
  readExceptionsText,
  writeExceptions,
} from "../../src/domains/exceptions.ts";
import { lastingFor } from "../../src/domains/level-clock.ts";
import { StateError } from "../../src/domains/state-error.ts";
import { scratchFolder } from "../support/scratch.ts";

const clock = { wall: Date.parse("2026-01-31T10:00:00Z"), uptime: 1_000, boot: "first" };

function exception(line: string, seconds = 3_600, id = 1): Exception {
  const by = { uid: 0, name: "root" };
  return { section: "files", line, id, by, why: "a test", ...lastingFor(clock, seconds) };
}

test("what is written is read, and the grant stands where its place says", () => {
  const line = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
      const list = lines.map((one, at) => exception(one, 60, at + 1));
      const text = exceptionsText(list);
      expect(readExceptionsText(text)).toEqual({ state: "good", value: list });
      list.forEach((one, index) => {
        const place = placeOfGrant(index);
        const found = text.split("\n")[place.line - 1]?.slice(place.column - 1) ?? "";
        expect(found.startsWith(JSON.stringify({ files: [one.line] }))).toBe(true);
      });
    }),
  );
});

test("the last one that ends takes the file with it; scratch files are none of a domain", () => {
  const folder = join(scratchFolder("exceptions"), "state");
  mkdirSync(folder);
  writeExceptions(folder, "web", [exception("r /a"), exception("r /b", 60, 2)]);
  expect(readExceptions(folder, "web").map(({ line }) => line)).toEqual(["r /a", "r /b"]);
  writeExceptions(folder, "web", []);
  expect(readdirSync(folder)).toEqual([]);
  expect(readExceptions(folder, "web")).toEqual([]);
});

test.each([
  ["nothing", ""],
  ["no list", "{}"],
  ["another section", '[{"grant":{"capabilities":["chown"]}}]'],
  ["two lines", '[{"grant":{"files":["r /a","r /b"]}}]'],
])("a broken file is said to be broken: %s", (_what, text) => {
  const folder = scratchFolder("exceptions");
  writeFileSync(join(folder, "web"), text);
  expect(() => readExceptions(folder, "web")).toThrow(StateError);
});

test.each([
  ["it is over at its end", { uptime: 1_000 + 3_600 }, null],
  ["just before, it is not", { uptime: 1_000 + 3_599 }, 4_600_000],
  ["the wall clock forward changes nothing", { wall: clock.wall + 86_400_000 }, 4_600_000],
  ["nor does the wall clock back", { wall: 0 }, 4_600_000],
  [
    "after a boot, the time that the host was down counts",
    { boot: "second", uptime: 10, wall: clock.wall + 3_000_000 },
    610_000,
  ],
  [
    "after a boot with the clock set back it gets no more than it had",
    { boot: "second", uptime: 10, wall: 0 },
    3_600_000,
  ],
  ["a long time off ends it", { boot: "second", uptime: 10, wall: clock.wall + 3_600_000 }, null],
] as const)("%s", (_what, change, end) => {
  expect(endOf(exception("r /a"), { ...clock, ...change })).toBe(end);
});

test("only root may read why", () => {
  const folder = scratchFolder("exceptions");
  writeExceptions(folder, "web", [exception("r /a")]);
  expect(readFileSync(join(folder, "web"), "utf8")).toContain("a test");
});
