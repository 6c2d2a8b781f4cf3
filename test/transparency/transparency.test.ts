import { afterAll, beforeAll, expect } from "vitest";
import {
  asEachIdentity,
  Cases,
  differing,
  type Identity,
  SUITE_TIMEOUT_MS,
  shown,
} from "./cases.ts";

/**
 * What a domain at level warning may show its processes that they would not have seen without
 * Cofferdam: the closed list of SECURITY.md, by name of the case. A case that is not here must
 * print the same.
 */
const exempt: Readonly<Record<string, string>> = {
  "eintr/opens_under_a_timer":
    "a signal that arrives before the notification is received interrupts the call",
};

const cases = new Cases();
beforeAll(() => cases.compile(), SUITE_TIMEOUT_MS);
afterAll(() => cases.remove(), SUITE_TIMEOUT_MS);

asEachIdentity(
  "a domain at level warning shows its processes what they would see without it",
  compare,
);

function compare(identity: Identity): void {
  const seen = cases.both(
    identity,
    () => "domain: transparent\nsummary: grants nothing\nlevel: warning\n",
  );
  const unexpected = differing(seen).filter((name) => !(name in exempt));
  expect(unexpected.map((name) => shown(seen, name))).toEqual([]);
}
