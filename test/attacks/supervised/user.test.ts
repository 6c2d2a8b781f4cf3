import { OTHER_USER_TRIES, RACE_TRIES } from "../races.ts";
import { supervisedRaces } from "./races.ts";
import { supervisedSuite } from "./suite.ts";

/** Debian's `nobody`: tests run by root become it, an ordinary user attacks as itself. */
const NOBODY = 65_534;
const own = process.getuid?.() ?? NOBODY;
const attacker = { uid: own === 0 ? NOBODY : own, name: "user" } as const;

supervisedSuite(attacker);
supervisedRaces(attacker, own === 0 ? OTHER_USER_TRIES : RACE_TRIES);
