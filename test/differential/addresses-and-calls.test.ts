import * as fs from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { number } from "../../src/kernel/syscalls.ts";
import { decide } from "../../src/model/decide.ts";
import type { Request } from "../../src/model/request.ts";
import { Domain } from "../properties/domain.ts";
import { users } from "../properties/users.ts";
import { compileC } from "../support/compile-c.ts";
import {
  type AddressProbe,
  addressLine,
  addressProbe,
  addressRequest,
  networkLine,
} from "./addresses.ts";
import { type CallProbe, callLine, callProbe, listing } from "./calls.ts";
import { modelOf } from "./world.ts";

/** Each case is one launch with its compilation and, for an ordinary user, its mediator. */
const CASES = Number(process.env.COFFERDAM_CASES ?? 10);
const PROBES_PER_CASE = 60;
const TIMEOUT_MS = 120_000;
const corpus = path.join(import.meta.dirname, "corpus/addresses-and-calls");

/** A policy's lines and what is tried under it; the form of the corpus. */
interface Case {
  readonly network: readonly string[];
  readonly syscalls: readonly string[];
  readonly addresses: readonly AddressProbe[];
  readonly calls: readonly CallProbe[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  network: fc.array(networkLine, { minLength: 1, maxLength: 8 }),
  syscalls: fc.array(listing, { maxLength: 5 }),
  addresses: fc.array(addressProbe, { minLength: PROBES_PER_CASE, maxLength: PROBES_PER_CASE }),
  calls: fc.uniqueArray(callProbe, { minLength: 10 }),
});

describe.each(users)("addresses and system calls, in a real domain: for $who", ({ uid }) => {
  let scene: Domain;
  let prober: string;
  let written: string;
  beforeAll(() => {
    scene = new Domain(uid);
    prober = scene.at("probe");
    compileC(prober, path.join(import.meta.dirname, "../cgroup/programs/probe.c"), [
      "-O1",
      "-static",
    ]);
    // The model reads the policy as whoever runs the tests, who believes no file of somebody else.
    fs.mkdirSync(scene.at("model"));
    written = scene.at("model/scene.yaml");
  });
  afterAll(() => scene.close());

  const seen = { granted: 0, denied: 0 };

  function disagreements({ network, syscalls, addresses, calls }: Case): string[] {
    scene.writePolicy({
      files: [`rx ${prober}`],
      rest: `network:\n${network.map((line) => `  - ${line}\n`).join("")}`,
    });
    const text = fs
      .readFileSync(scene.policy, "utf8")
      .replace(
        '"@system-service"',
        ["@basic-io", "@file-system", "@network-io", ...syscalls]
          .map((each) => JSON.stringify(each))
          .join(", "),
      );
    scene.write("home/policies/scene.yaml", text);
    fs.writeFileSync(written, text);
    const { policy, view } = modelOf(written);
    const judge = (request: Request) => decide(policy, request, view).outcome;
    const run = scene.run([prober], { input: `${addresses.map(addressLine).join("\n")}\n` });
    const answers = run.out.trim().split("\n");
    if (answers.length !== addresses.length)
      throw new Error(`the prober ended with ${run.status}: ${run.err}`);
    const words = scene.tries(calls.map((call) => callLine(number(call) ?? -1)));
    const compare = (what: string, said: string | undefined, expected: string): string[] => {
      seen[expected as keyof typeof seen]++;
      const kernel = /^(EACCES|EPERM|socket)$/.test(said ?? "") ? "denied" : "granted";
      return kernel === expected ? [] : [`${what}: decide() says ${expected}, the kernel ${said}`];
    };
    return [
      ...addresses.flatMap((probe, at) =>
        compare(addressLine(probe), answers[at], judge(addressRequest(probe))),
      ),
      ...calls.flatMap((name, at) => compare(name, words[at], judge({ class: "syscall", name }))),
    ];
  }

  test(
    "generated policies",
    () => {
      fc.assert(
        fc.property(cases, (generated) => {
          expect(disagreements(generated), JSON.stringify(generated)).toEqual([]);
        }),
        { numRuns: CASES, endOnFailure: true },
      );
      expect(Math.min(seen.granted, seen.denied)).toBeGreaterThan((CASES * PROBES_PER_CASE) / 20);
    },
    TIMEOUT_MS,
  );

  test.each(fs.readdirSync(corpus))("corpus: %s", (file) => {
    expect(disagreements(JSON.parse(fs.readFileSync(path.join(corpus, file), "utf8")))).toEqual([]);
  });
});
