import { attackSuite } from "./attacks.ts";
import { sealedRaces } from "./races.ts";

/** Debian's `nobody`: tests run by root become it, an ordinary user attacks as itself. */
const NOBODY = 65_534;
const own = process.getuid?.() ?? NOBODY;

const attacker = { uid: own === 0 ? NOBODY : own, name: "user" } as const;

attackSuite(attacker);
// The other half is root's, where there is a root.
sealedRaces(attacker, own === 0 ? 50_000 : 100_000);
