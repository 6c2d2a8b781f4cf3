import { describe, test } from "vitest";
import { needsRoot } from "../../support/skip.ts";
import { supervisedRaces } from "./races.ts";
import { supervisedSuite } from "./suite.ts";

if (process.getuid?.() === 0) {
  supervisedSuite({ uid: 0, name: "root" });
  supervisedRaces({ uid: 0, name: "root" }, { own: 100_000, broker: 5_000 });
} else describe("as root", () => test("attacks as root", (context) => needsRoot(context)));
