import { expect, test } from "vitest";
import { type Outcome, Watch, type WatchedHost } from "../../src/cli/enforce/watch.ts";
import type { Event } from "../../src/events/event.ts";
import type { PlacedRecord } from "../../src/events/log/reader.ts";
import { parseProperties } from "../../src/host/units/unit.ts";
import { type UnitState, unitStateOf } from "../../src/host/units/unit-state.ts";
import { anEvent } from "../events/an-event.ts";

const running: UnitState = {
  unit: "tool.service",
  active: "active",
  sub: "running",
  result: "success",
  restarts: 0,
  mainProcess: null,
  started: null,
  mainPid: null,
  hasJob: false,
};

/** Each look shows the next moment; the last one stays. */
class Moments implements WatchedHost {
  readonly #units: readonly UnitState[];
  readonly #runs: readonly (readonly number[])[];
  readonly #events: Event[];
  #looks = 0;
  #seq = 0;

  constructor(
    units: readonly UnitState[],
    runs: readonly (readonly number[])[] = [[]],
    events: readonly Event[] = [],
  ) {
    this.#units = units;
    this.#runs = runs;
    this.#events = [...events];
  }

  units(): readonly UnitState[] {
    const now = this.#units[Math.min(this.#looks++, this.#units.length - 1)];
    return now === undefined ? [] : [now];
  }

  runs(): readonly number[] {
    const at = this.#units.length > 0 ? this.#looks : this.#looks - 1;
    return this.#runs[Math.min(at, this.#runs.length - 1)] ?? [];
  }

  log() {
    const records = this.#events.splice(0).map((event) => {
      this.#seq += 1;
      return { event, seq: this.#seq } as PlacedRecord;
    });
    return { records, missing: 0 };
  }

  /** Each look takes a second. */
  now(): number {
    return this.#looks * 1_000;
  }

  /** The clock goes by looks. */
  pause(): Promise<void> {
    return Promise.resolve();
  }
}

interface Wanted {
  readonly strict?: boolean;
  readonly isRestarted?: boolean;
  readonly signal?: AbortSignal;
}

async function watch(host: WatchedHost, { strict = false, isRestarted, signal }: Wanted = {}) {
  const never = new AbortController().signal;
  const progress = () => undefined;
  const options = { domain: "tool", seconds: 4, strict, signal: signal ?? never, progress };
  const watched = new Watch(host, options);
  if (isRestarted) watched.begin(true);
  const outcome: Outcome = await watched.wait();
  return { outcome, seen: watched.seen };
}

test("a unit that goes on passes, also while an administrator restarts or reloads it", async () => {
  const stopping = { ...running, active: "deactivating", hasJob: true };
  const between = { ...running, active: "inactive", sub: "dead", hasJob: true };
  const reloading = { ...running, active: "reloading" };
  for (const moment of [running, stopping, between, reloading])
    expect((await watch(new Moments([running, moment, running]))).outcome.state).toBe("passed");
});

test("a unit that fails, ends or is restarted by systemd fails", async () => {
  const ended = "exited with status 1";
  const failed = { active: "failed", sub: "failed", result: "exit-code", mainProcess: ended };
  const killed = { ...failed, result: "signal", mainProcess: "was ended by signal 11" };
  const cases: readonly (readonly [Partial<UnitState>, string])[] = [
    [failed, "tool.service has failed (exit-code): its main process exited with status 1"],
    [killed, "tool.service has failed (signal): its main process was ended by signal 11"],
    [{ active: "inactive", sub: "dead" }, "tool.service has ended"],
    [
      { active: "activating", sub: "auto-restart", mainProcess: ended },
      "tool.service was restarted by systemd: its main process exited with status 1",
    ],
    [{ restarts: 1 }, "tool.service was restarted by systemd: its main process ended"],
  ];
  for (const [change, why] of cases) {
    const { outcome } = await watch(new Moments([running, { ...running, ...change }]));
    expect(outcome).toEqual({ state: "failed", why });
  }
});

test("a unit that was restarted may have failed before the first look", async () => {
  const failed = { ...running, active: "failed", sub: "failed", result: "exit-code" };
  const again = { ...running, restarts: 1 };
  const ended = { ...running, active: "inactive", sub: "dead" };
  const outcomes = async (...moments: readonly UnitState[]) =>
    (await watch(new Moments(moments), { isRestarted: true })).outcome.state;
  for (const after of [failed, again, ended]) expect(await outcomes(running, after)).toBe("failed");
  expect(await outcomes(failed, failed)).toBe("failed");
  // systemd counts anew, except for a unit that waited for its next start.
  expect(await outcomes({ ...running, restarts: 3 }, running)).toBe("passed");
  expect(await outcomes({ ...running, restarts: 3 }, running, again)).toBe("failed");
  const waiting = { ...running, active: "activating", sub: "auto-restart", restarts: 3 };
  expect(await outcomes(waiting, { ...running, restarts: 3 })).toBe("passed");
  // A job that had ended ends again.
  expect(await outcomes(ended, ended)).toBe("passed");
});

test("without a unit: no run left fails, and a run of several that ends is told", async () => {
  const gone = await watch(new Moments([], [[7, 8], [7, 8], []]));
  expect(gone.outcome).toEqual({
    state: "failed",
    why: "no process that ran in tool is left",
  });
  const one = await watch(new Moments([], [[7, 8], [7, 8], [8]]));
  expect([one.outcome.state, one.seen.ended]).toEqual(["passed", [7]]);
  expect((await watch(new Moments([], [[]]))).outcome.state).toBe("passed");
});

test("denials are shown, other domains' are not; --strict ends at the first one", async () => {
  const denied = anEvent({ domain: "tool", count: 3 });
  const events = [denied, anEvent({ domain: "other" }), { ...denied, verdict: "warning" as const }];
  const { outcome, seen } = await watch(new Moments([running], [[]], events));
  expect(outcome.state).toBe("passed");
  expect(seen.denied).toBe(3);
  expect(seen.denials).toEqual([{ access: "read /etc/shadow", seq: 1, count: 3 }]);
  const strict = await watch(new Moments([running], [[]], events), { strict: true });
  expect(strict.outcome).toEqual({ state: "failed", why: "tool was denied something" });
});

test("lost events are counted", async () => {
  const lost = { class: "lifecycle", operation: "lost", verdict: "failed", count: 5 } as const;
  const events = [
    anEvent({ ...lost, domain: "tool" }),
    anEvent({ ...lost, domain: "superDom", source: "log" }),
    anEvent({ ...lost, domain: "other" }),
  ];
  expect((await watch(new Moments([running], [[]], events))).seen.lost).toBe(10);
});

test("a signal ends the watch at once", async () => {
  const ended = new AbortController();
  ended.abort("SIGINT");
  const { outcome } = await watch(new Moments([running]), { signal: ended.signal });
  expect(outcome).toEqual({ state: "interrupted", why: "SIGINT" });
});

test("what systemctl shows of a unit", () => {
  const text = "Result=signal\nNRestarts=2\nExecMainCode=2\nExecMainStatus=9\nJob=0\n";
  expect(unitStateOf("a.service", parseProperties(`${text}ActiveState=failed\n`))).toMatchObject({
    active: "failed",
    result: "signal",
    restarts: 2,
    mainProcess: "was ended by signal 9",
    hasJob: false,
  });
  expect(unitStateOf("a.service", parseProperties("Job=17\n")).hasJob).toBe(true);
});
