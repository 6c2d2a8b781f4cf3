import * as fs from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decide } from "../../src/model/decide.ts";
import { type Case, cases, requestOf } from "./case.ts";
import { World } from "./world.ts";

/** Each case is one launch; cases are many because each is cheap, and reruns find others. */
const CASES = Number(process.env.COFFERDAM_CASES ?? 30);
const TIMEOUT_MS = 600_000;
const corpus = path.join(import.meta.dirname, "corpus");

let world: World;
beforeAll(() => {
  world = new World();
});
afterAll(() => world.close());

/**
 * errno values by which the domain refuses; anything else that is no success would be a broken
 * case.
 */
const refusals = new Set(["EACCES", "EPERM", "EXDEV"]);
/** An executed file is no program: the kernel got as far as reading it. */
const successes = new Set(["0", "ENOEXEC", "ENOENT"]);

function disagreements(generated: Case): string[] {
  world.makeTree();
  world.writePolicy(generated);
  const { policy, view } = world.model();
  const requests = generated.probes.map((probe) =>
    requestOf(
      probe,
      (name) => world.resolve(name),
      (name) => world.inode(name),
    ),
  );
  const expected = requests.map((request) => decide(policy, request, view).outcome);
  const answers = world.run(generated.probes);
  return answers.flatMap((answer, i) => {
    const probe = generated.probes[i];
    const granted = successes.has(answer) ? "granted" : refusals.has(answer) ? "denied" : answer;
    return granted === expected[i] || probe === undefined
      ? []
      : [
          `${probe.operation} ${probe.name} ${probe.other ?? ""}: decide() says ` +
            `${expected[i]}, the kernel ${answer}`,
        ];
  });
}

test(
  "`explain` and the kernel give the same verdict: generated policies, in a real sealed domain",
  () => {
    fc.assert(
      fc.property(cases, (generated) => {
        expect(disagreements(generated), JSON.stringify(generated)).toEqual([]);
      }),
      { numRuns: CASES, endOnFailure: true },
    );
  },
  TIMEOUT_MS,
);

for (const file of fs.readdirSync(corpus).filter((name) => name.endsWith(".json"))) {
  test(`corpus: ${file}`, () => {
    expect(disagreements(JSON.parse(fs.readFileSync(path.join(corpus, file), "utf8")))).toEqual([]);
  });
}
