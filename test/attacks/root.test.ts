import { describe, test } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { attackSuite } from "./attacks.ts";
import { RACE_TRIES, sealedRaces } from "./races.ts";

if (process.getuid?.() === 0) {
  attackSuite({ uid: 0, name: "root" });
  sealedRaces({ uid: 0, name: "root" }, RACE_TRIES);
} else describe("as root", () => test("attacks as root", (context) => needsRoot(context)));
