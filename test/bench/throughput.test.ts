import { expect, test } from "vitest";
import { inMode } from "../../bench/service.ts";
import { throughputRow } from "../../bench/throughput.ts";

const load = { what: "a load", unit: "1/s" };

test("a ratio is the median of the rounds' own ratios, not the ratio of the medians", () => {
  const rounds = [
    { unconfined: 100, sealed: 50 },
    { unconfined: 10, sealed: 9 },
    { unconfined: 1000, sealed: 990 },
  ];
  const row = throughputRow(load, rounds, { sealed: 0.98 });
  expect(row.figures).toEqual({ unconfined: 100, sealed: 50 });
  expect(row.note).toBe("sealed 0.90 x unconfined, budget >= 0.98: MISSED, rounds 0.50 to 0.99");
});

test("a mode is judged by its own budget, and without one not at all", () => {
  const rounds = [{ unconfined: 100, warning: 91, user: 51, enforcing: 7 }];
  const { note } = throughputRow(load, rounds, { warning: 0.9, user: 0.5 });
  expect(note.split("; ")).toEqual([
    "warning 0.91 x unconfined, budget >= 0.9: met, rounds 0.91 to 0.91",
    "enforcing 0.07 x unconfined, rounds 0.07 to 0.07",
    "user 0.51 x unconfined, budget >= 0.5: met, rounds 0.51 to 0.51",
  ]);
});

test("a mode in which the daemon does not run is said to be so, and has no figure", () => {
  const row = throughputRow(load, [{ unconfined: 5 }], {}, ["user: not permitted"]);
  expect(row.figures).toEqual({ unconfined: 5 });
  expect(row.note).toBe("user: not permitted");
});

test("a policy gets level, mediation and user of its mode, and keeps a user that it names", () => {
  const policy = "summary: x\nlevel: disabled\nuser: redis\ngroup: redis\nfiles: [r /a]";
  expect(inMode(policy, "warning", "redis")).toBe(
    "level: warning\nsummary: x\nuser: redis\ngroup: redis\nfiles: [r /a]",
  );
  expect(inMode("summary: x", "enforcing", "nobody")).toBe(
    "level: enforcing\nmediation: supervised\nuser: nobody\nsummary: x",
  );
  expect(inMode("summary: x", "sealed", null)).toBe("level: enforcing\nsummary: x");
});

test("as an ordinary user a policy names no user: who starts it is one already", () => {
  expect(inMode("user: redis\ngroup: redis\nsummary: x", "user", "redis")).toBe(
    "level: enforcing\nsummary: x",
  );
});
