import { describe, test } from "vitest";
import { needsRoot } from "../../support/skip.ts";
import { supervisedSuite } from "./suite.ts";

if (process.getuid?.() === 0) supervisedSuite({ uid: 0, name: "root" });
else describe("as root", () => test("attacks as root", (context) => needsRoot(context)));
