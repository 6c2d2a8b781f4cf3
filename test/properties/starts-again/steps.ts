import fc from "fast-check";
import { type Change, changes, type Life, type Name, names } from "./life.ts";

/** What happens to a domain's host or to one of its starts. */
export type Step =
  | { readonly kind: "change"; readonly name: Name; readonly change: Change }
  | { readonly kind: "restore" | "upgrade" | "boot" | "edit" | "other mediation" }
  | { readonly kind: "crash"; readonly milliseconds: number; readonly anew: boolean }
  | { readonly kind: "times"; readonly seconds: number }
  | { readonly kind: "start"; readonly start: StartName; readonly anew: boolean };

/**
 * How else a domain may be started: with what before it, and where it may be refused, what is said.
 * What helps is then the ordinary start that follows.
 */
export const starts = {
  "without HOME": { wrap: ["env", "-u", "HOME"], refused: /find your files.*\n {2}help: set HOME/ },
  "with a HOME that is not there": {
    wrap: ["env", "HOME=/nonexistent/home"],
    refused: /cannot be written: E\w+\n {2}help: make it writable for you/,
  },
  "with an empty environment": { wrap: ["env", "-i"], refused: /help: set HOME/ },
  "in another folder": { wrap: ["env", "-C", "/usr"], refused: null },
  "in a folder that is gone": {
    wrap: ["sh", "-c", 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"', "/tmp/cofferdam-gone"],
    refused: null,
  },
  "with umask 777": { wrap: ["sh", "-c", 'umask 777 && exec "$@"', "sh"], refused: null },
  "with SIGCHLD ignored": { wrap: ["env", "--ignore-signal=CHLD"], refused: null },
  "with few descriptors": { wrap: ["prlimit", "--nofile=24"], refused: /help: .*ulimit -n/ },
  "with few descriptors at first": { wrap: ["prlimit", "--nofile=24:"], refused: null },
  "with little memory": { wrap: ["prlimit", "--as=300000000"], refused: /help: .*ulimit -a/ },
  "with little memory at first": { wrap: ["prlimit", "--as=300000000:"], refused: null },
  "with little data": { wrap: ["prlimit", "--data=50000000"], refused: /help: .*ulimit -a/ },
  "with a small stack at first": { wrap: ["prlimit", "--stack=262144:"], refused: null },
  "with small files": { wrap: ["prlimit", "--fsize=1000"], refused: /help: .*ulimit -f/ },
} as const satisfies Record<
  string,
  { readonly wrap: readonly string[]; readonly refused: RegExp | null }
>;
export type StartName = keyof typeof starts;

/** A compilation takes about so long, with what comes behind it. */
const START_MS = 900;
const SECONDS_1970 = 1;
const SECONDS_2100 = 4_102_444_800;

const kinds = <K extends Step["kind"]>(...kind: K[]) => fc.constantFrom(...kind);

export const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      name: fc.constantFrom(...names),
      change: fc.constantFrom(...(Object.keys(changes) as Change[])),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kinds("restore", "upgrade", "boot", "edit", "other mediation"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("crash" as const),
      milliseconds: fc.integer({ min: 0, max: START_MS }),
      anew: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("times" as const),
      seconds: fc.constantFrom(SECONDS_1970, SECONDS_2100),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("start" as const),
      start: fc.constantFrom(...(Object.keys(starts) as StartName[])),
      anew: fc.boolean(),
    }),
  },
);

/** Does all of a step but the ordinary start that follows every step. */
export async function take(life: Life, step: Step): Promise<void> {
  switch (step.kind) {
    case "change":
      return life.change(step.name, step.change);
    case "restore":
      return life.restore();
    case "upgrade":
      return life.upgrade();
    case "boot":
      return life.boot();
    case "edit":
      return life.editPolicy();
    case "other mediation":
      life.mediation = life.mediation === "sealed" ? "supervised" : "sealed";
      return life.editPolicy();
    case "crash":
      if (step.anew) life.editPolicy();
      return await life.crash(step.milliseconds);
    case "times":
      return life.setTimes(step.seconds);
    case "start":
      if (step.anew) life.editPolicy();
      return otherwise(life, step.start);
  }
}

/** Another start, which is refused for the given reason or not at all. */
export function otherwise(life: Life, name: StartName): void {
  const { wrap, refused } = starts[name];
  const started = life.start({ wrap });
  if (started.kind === "started") return;
  const { status, err } = started.outcome;
  if (refused === null || status !== 125 || !refused.test(err))
    throw new Error(`a start ${name} ended with ${status}: ${err}`);
}
