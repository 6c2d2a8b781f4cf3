import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { killChild } from "../../../src/kernel/kill-child.ts";
import { users } from "../users.ts";
import { Life } from "./life.ts";
import { otherwise, type StartName, type Step, starts, steps, take } from "./steps.ts";

/** How long each user's generated life is, in seconds; more by the environment. */
const LIFE_S = Number(process.env.COFFERDAM_LIFE_S ?? 8);
/** What a life is generated from; a failure prints it. */
const SEED = Number(process.env.COFFERDAM_SEED ?? Date.now() % 2 ** 31);
const STEPS_MAX = 100_000;
const MS = 1_000;
/** Beside the life itself: its first start, and the step that is under way at its end. */
const REST_MS = 60_000;

describe.each(users)("what started once starts again: for $who", ({ uid }) => {
  let life: Life;
  beforeAll(() => {
    life = new Life(uid);
  });
  afterAll(() => life.close());
  beforeEach(() => {
    life.restore();
    life.mediation = "sealed";
    life.editPolicy();
  });

  /** The words of a start, which must be; `done` for the message. */
  function words(started: ReturnType<Life["start"]>, done: string): readonly string[] {
    if (started.kind === "started") return started.words;
    const { status, err } = started.outcome;
    throw new Error(`the start after ${done} ended with ${status}: ${err}`);
  }

  test("a pid file that a crash left, and that the next clean stop removed", () => {
    words(life.start(), "the installation");
    life.change("app/run.pid", "gone");
    expect(words(life.start(), "a clean stop")).toContain(`read ${life.at("app/run.pid")}: ENOENT`);
    life.change("app/run.pid", "file");
    expect(words(life.start(), "a crash")).toContain(`read ${life.at("app/run.pid")}: 0`);
    life.change("app/run.pid", "gone");
    words(life.start(), "another clean stop");
  });

  test.each(["sealed", "supervised"] as const)(
    "folders in which files are made all the time, %s",
    (mediation) => {
      life.mediation = mediation;
      life.editPolicy();
      const busy = life.meanwhile(
        "while :; do for n in 1 2 3; do : > app/logs/$n.log; rm app/logs/$n.log; done; done",
      );
      try {
        for (const which of ["first", "second"])
          words(life.start(), `a busy host's ${which} start`);
      } finally {
        killChild(busy, "SIGKILL");
      }
    },
  );

  test("a link that changes all the time: started or refused with its name", () => {
    const busy = life.meanwhile(
      "while :; do for n in data logs; do ln -sfn $n app/link; done; done",
    );
    try {
      const started = life.start();
      if (started.kind === "refused")
        expect(started.outcome.err).toMatch(
          /use the plan of this start: .*app\/link[\s\S]*help: .*start again when nothing changes these files/,
        );
    } finally {
      killChild(busy, "SIGKILL");
    }
    words(life.start(), "the link has come to rest");
  });

  test("a program that is removed, and a policy that is broken, until they are mended", () => {
    life.removeProgram();
    expect(life.start()).toMatchObject({ outcome: { status: 127 } });
    life.upgrade();
    words(life.start(), "the program is there again");
    life.editPolicy("files: [r /etc/**\n");
    expect(life.start()).toMatchObject({
      outcome: { status: 125, err: expect.stringMatching(/CFD1101[\s\S]*help:/) },
    });
    life.editPolicy();
    words(life.start(), "the policy is mended");
  });

  test.each(Object.keys(starts) as StartName[])(
    "a start %s, with a plan that is stale and with one that lies ready",
    (start) => {
      otherwise(life, start);
      words(life.start(), `a start ${start}`);
      otherwise(life, start);
    },
  );

  test(`a generated life of ${LIFE_S} s: each start gives the domain of a start without plan`, {
    timeout: LIFE_S * MS + REST_MS,
  }, async () => {
    const end = performance.now() + LIFE_S * MS;
    const lived: Step[] = [];
    for (const step of fc.sample(steps, { numRuns: STEPS_MAX, seed: SEED })) {
      if (performance.now() > end) break;
      lived.push(step);
      const done =
        `seed ${SEED}, ${lived.length} steps, the last ` + `${JSON.stringify(lived.slice(-8))}`;
      await take(life, step).catch((error: unknown) => {
        throw new Error(`${done}: ${error instanceof Error ? error.message : error}`);
      });
      const ready = words(life.start(), done);
      expect(ready, done).toEqual(words(life.startAnew(), done));
    }
    expect(lived.length).toBeGreaterThan(0);
  });
});
