import { attackSuite } from "./attacks.ts";
import { OTHER_USER_TRIES, RACE_TRIES, sealedRaces } from "./races.ts";

/** Debian's `nobody`: tests run by root become it, an ordinary user attacks as itself. */
const NOBODY = 65_534;
const own = process.getuid?.() ?? NOBODY;

const attacker = { uid: own === 0 ? NOBODY : own, name: "user" } as const;

attackSuite(attacker);
sealedRaces(attacker, own === 0 ? OTHER_USER_TRIES : RACE_TRIES);
