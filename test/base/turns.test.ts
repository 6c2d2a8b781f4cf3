import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Turns } from "../../src/base/turns.ts";

test("no more is done at a time than was said, in the order in which it came", async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  let [now, most] = [0, 0];
  const done = Array.from({ length: 6 }, (_, at) =>
    turns.take(async () => {
      begun.push(at);
      most = Math.max(most, ++now);
      await sleep(5);
      now -= 1;
      if (at % 3 === 0) throw new Error("it fails");
      return at;
    }),
  );
  const outcomes = await Promise.allSettled(done);
  expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual(
    [0, 1, 2, 3, 4, 5].map((at) => at % 3 !== 0),
  );
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  expect([most, now]).toEqual([2, 0]);
});
