import { describe, test } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { attackSuite } from "./attacks.ts";
import { sealedRaces } from "./races.ts";

if (process.getuid?.() === 0) {
  attackSuite({ uid: 0, name: "root" });
  // As an ordinary user (`user.test.ts`) it is tried as often: a hundred thousand times together.
  sealedRaces({ uid: 0, name: "root" }, 50_000);
} else describe("as root", () => test("attacks as root", (context) => needsRoot(context)));
