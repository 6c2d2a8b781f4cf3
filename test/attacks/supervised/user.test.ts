import { supervisedSuite } from "./suite.ts";

/** Debian's `nobody`: as root we become it, an ordinary user attacks as itself. */
const NOBODY = 65_534;
const own = process.getuid?.() ?? NOBODY;

supervisedSuite({ uid: own === 0 ? NOBODY : own, name: "user" });
