import { describe, test } from "vitest";
import { needsRoot } from "../../support/skip.ts";
import { RACE_TRIES } from "../races.ts";
import { supervisedRaces } from "./races.ts";
import { supervisedSuite } from "./suite.ts";

if (process.getuid?.() === 0) {
  supervisedSuite({ uid: 0, name: "root" });
  supervisedRaces({ uid: 0, name: "root" }, RACE_TRIES);
} else describe("as root", () => test("attacks as root", (context) => needsRoot(context)));
