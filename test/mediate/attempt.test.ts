import { expect, test } from "vitest";
import { attempt } from "../../src/mediate/answer/attempt.ts";
import {
  CONTINUE,
  cannot,
  error,
  GRANTED,
  type Outcome,
  unable,
  VANISHED,
  WORKER,
} from "../../src/mediate/answer/outcome.ts";
import { outcomeOf, Settled, unlessSettled } from "../../src/mediate/answer/settled.ts";
import type { Call } from "../../src/mediate/calls/call.ts";
import { RememberedVerdicts } from "../../src/mediate/domain/remembered-verdicts.ts";
import { E } from "../../src/mediate/sys/abi.ts";
import { IdentityLost } from "../../src/mediate/target/identity.ts";

/** The call as far as {@link attempt} looks at it; nothing is remembered of `kill`. */
function callAt(level: "enforcing" | "warning"): Call {
  const broker = { verdicts: new RememberedVerdicts() };
  const call = { name: "kill", rehearses: level === "warning", broker };
  return call as unknown as Call;
}

function settling(outcome: Outcome): () => Outcome {
  return () => {
    throw new Settled(outcome);
  };
}

const enforcing = callAt("enforcing");
const warning = callAt("warning");
const refused = unable(E.FAULT, "kill", "unreadable argument");
const goesOn = {
  kind: "reported",
  verdict: "warning",
  refusal: refused.refusal,
  answer: CONTINUE,
};

test.each([
  ["a worker does it", WORKER, WORKER, WORKER],
  ["nobody waits", VANISHED, VANISHED, VANISHED],
  ["an error of the kernel's", error(E.NOENT), error(E.NOENT), CONTINUE],
  ["a refusal", refused, refused, goesOn],
  ["what the mediator cannot do", cannot(E.FAULT, "unreadable argument"), refused, goesOn],
] as const)("%s: settled or returned, the answer is the same", (_, outcome, answer, atWarning) => {
  expect(attempt(enforcing, settling(outcome))).toEqual(answer);
  expect(attempt(enforcing, () => outcome)).toEqual(answer);
  expect(attempt(warning, settling(outcome))).toEqual(atWarning);
  expect(attempt(warning, () => outcome)).toEqual(atWarning);
});

test("what a rehearsal finds granted goes on, and nowhere else does it", () => {
  expect(attempt(warning, settling(GRANTED))).toBe(CONTINUE);
  expect(attempt(enforcing, settling(GRANTED))).toMatchObject({ kind: "refused", errno: E.IO });
});

test("a fault of the mediator's is a refusal with an event", () => {
  const faulty = (): Outcome => {
    throw new TypeError("no such thing");
  };
  expect(attempt(enforcing, faulty)).toMatchObject({
    kind: "refused",
    errno: E.IO,
    refusal: { reason: "mediator", object: "the mediator failed: no such thing" },
  });
});

test("an identity that cannot be taken back ends the mediator", () => {
  const lost = (): Outcome => {
    throw new IdentityLost("setgroups");
  };
  for (const call of [enforcing, warning]) expect(() => attempt(call, lost)).toThrow(IdentityLost);
});

test("only what settles the call is caught on the way", () => {
  const faulty = (): never => {
    throw new TypeError("no such thing");
  };
  expect(() => outcomeOf(faulty)).toThrow(TypeError);
  expect(() => unlessSettled(faulty)).toThrow(TypeError);
  expect(unlessSettled(settling(WORKER))).toBeNull();
  expect(unlessSettled(settling(WORKER), WORKER)).toBeNull();
  expect(() => unlessSettled(settling(VANISHED), WORKER)).toThrow(Settled);
});
