import { supervisedRaces } from "./races.ts";
import { supervisedSuite } from "./suite.ts";

/** Debian's `nobody`: as root we become it, an ordinary user attacks as itself. */
const NOBODY = 65_534;
const own = process.getuid?.() ?? NOBODY;
const attacker = { uid: own === 0 ? NOBODY : own, name: "user" } as const;

supervisedSuite(attacker);
// What differs from root is whose rights are lent: it shows in few tries.
supervisedRaces(
  attacker,
  own === 0 ? { own: 2_000, broker: 1_000 } : { own: 100_000, broker: 5_000 },
);
