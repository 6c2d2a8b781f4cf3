import { describe, test } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { attackSuite } from "./attacks.ts";
import { raceSuite } from "./races.ts";

if (process.getuid?.() === 0) {
  attackSuite({ uid: 0, name: "root" });
  raceSuite({ uid: 0, name: "root" });
} else describe("as root", () => test("attacks as root", (context) => needsRoot(context)));
