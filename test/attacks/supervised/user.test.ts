import { supervisedRaces } from "./races.ts";
import { supervisedSuite } from "./suite.ts";

/** Debian's `nobody`: tests run by root become it, an ordinary user attacks as itself. */
const NOBODY = 65_534;
const own = process.getuid?.() ?? NOBODY;
const attacker = { uid: own === 0 ? NOBODY : own, name: "user" } as const;

supervisedSuite(attacker);
// Only the rights that the mediator uses differ from root's: a few tries show that.
supervisedRaces(
  attacker,
  own === 0 ? { own: 2_000, broker: 1_000 } : { own: 100_000, broker: 5_000 },
);
