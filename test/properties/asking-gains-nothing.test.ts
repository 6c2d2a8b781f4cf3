import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemCalls } from "../../src/kernel/system-calls/table.ts";
import { handlers } from "../../src/mediate/calls/table.ts";
import { type Built, buildAll } from "../mediate/build.ts";
import { needsRoot } from "../support/skip.ts";
import { acts } from "./asking/acts.ts";
import {
  bothWays,
  brokered,
  compileActs,
  counted,
  everything,
  gain,
  type Sample,
  sealed,
} from "./asking/run.ts";
import { anyShape, namedShapes, type Shape, spellShape } from "./asking/shapes.ts";

/** Samples beside those of the named shapes; more of them: ASKING_SAMPLES=20000. */
const SAMPLES = Number(process.env.ASKING_SAMPLES ?? 300);
const SEED = Number(process.env.ASKING_SEED ?? 9);
const TIMEOUT_MS = 900_000;

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = compileActs(built);
}, TIMEOUT_MS);
afterAll(() => built.remove());
beforeEach((context) => needsRoot(context));

const all = Object.values(acts).flat();
/** Judged by more than ids of the file system and effective capabilities. */
const PERSONAL = /%|#proc|#owner|#int|#rights|pidfd|guarded|\/proc\//;
const [personal, others] = [true, false].map((is) =>
  all.filter((act) => PERSONAL.test(act) === is),
);
const shapes = Object.values(namedShapes);

/** Each act in two kinds of credentials at least; what is personal in all. */
const named: readonly Sample[] = [
  ...(personal ?? []).flatMap((act, index) =>
    [0, 1, 2, 3].map((turn) => ({ shape: turned(4 * index + turn), act })),
  ),
  ...(others ?? []).flatMap((act, index) =>
    [0, 1].map((turn) => ({ shape: turned(2 * index + turn), act })),
  ),
];

function turned(index: number): Shape {
  return shapes[index % shapes.length] as Shape;
}

const generated: readonly Sample[] = fc.sample(
  fc.record({ shape: anyShape, act: fc.constantFrom(...all) }),
  { seed: SEED, numRuns: SAMPLES },
);

/** Another error than the kernel's, and why. */
const otherErrors: Readonly<Record<string, string>> = {
  // New namespaces are refused before the kernel looks at what they would be.
  clone: "EPERM",
  setns: "EPERM",
  // Refused to processes with threads.
  process_madvise: "EPERM",
  // A limit of core files of 0 is kept as 1 (`calls/processes/core-limit.ts`): a caller that asks
  // for 1 then has it, and gains nothing. `acts.c` checks that no crash has more room.
  setrlimit: "",
  prlimit64: "",
};

/** The same of the sealed broker. */
const sealedErrors: Readonly<Record<string, string>> = {
  ...otherErrors,
  // Refused on other processes, and on descriptors without a name, before the judgement.
  setpriority: "EPERM",
  linkat: "EPERM",
};

/**
 * Samples for the sealed broker. Once a process has confined itself the broker does nothing for
 * processes that began later: such samples come last.
 */
function asked(samples: readonly Sample[]): readonly Sample[] {
  const confines = ({ shape, act }: Sample) => shape.layer || act.includes("landlock");
  const asks = samples.filter(({ act }) => act.split(" ").some((word) => brokered.has(word)));
  return [...asks.filter((one) => !confines(one)), ...asks.filter(confines)];
}

function compare(
  samples: readonly Sample[],
  options: Parameters<typeof bothWays>[3],
  errors = otherErrors,
): void {
  const { outside, inside } = bothWays(built, program, samples, options);
  expect([outside.length, inside.length]).toEqual([samples.length, samples.length]);
  const gains = samples.flatMap(({ shape, act }, index) => {
    const other = (name: string, error: string) => shape.layer || errors[name] === error;
    const found = gain(outside[index] ?? [], inside[index] ?? [], other, shape.layer);
    return found === null ? [] : [`${spellShape(shape)} | ${act}\n  ${found}`];
  });
  expect(gains.slice(0, 200)).toEqual([]);
  // A mediator that refused everything would pass.
  const [before, after] = [counted(outside), counted(inside)];
  expect(after.good).toBeGreaterThan(before.good * 0.8);
}

describe("asking gains nothing", () => {
  test("each call that the mediator performs or lets go on is tried", () => {
    const asked = systemCalls
      .filter(
        (call) => call.supervised.verdict.kind !== "allow" && call.class !== "namespace-or-escape",
      )
      .map(({ name }) => name);
    const wanted = new Set([...asked, ...handlers.keys()]);
    expect([...wanted].filter((name) => !(name in acts))).toEqual([]);
    const words = (name: string) => acts[name]?.some((act) => act.split(" ").includes(name));
    expect(Object.keys(acts).filter((name) => !wanted.has(name) || !words(name))).toEqual([]);
  });

  const supervised = (place: string) => ({
    ...everything(built, program, place),
    supervised: "enforcing" as const,
  });
  test("supervised, each act in each kind of credentials", { timeout: TIMEOUT_MS }, () =>
    compare(named, supervised),
  );
  test("supervised, generated credentials", { timeout: TIMEOUT_MS }, () =>
    compare(generated, supervised),
  );

  const byBroker = (place: string) => sealed(built, program, place);
  test("the sealed broker, each act in each kind of credentials", { timeout: TIMEOUT_MS }, () =>
    compare(asked(named), byBroker, sealedErrors),
  );
  test("the sealed broker, generated credentials", { timeout: TIMEOUT_MS }, () =>
    compare(asked(generated), byBroker, sealedErrors),
  );
});
