import { attackSuite } from "./attacks.ts";
import { raceSuite } from "./races.ts";

/** Debian's `nobody`: as root we become it, an ordinary user attacks as itself. */
const NOBODY = 65_534;
const own = process.getuid?.() ?? NOBODY;

const attacker = { uid: own === 0 ? NOBODY : own, name: "user" } as const;

attackSuite(attacker);
raceSuite(attacker);
