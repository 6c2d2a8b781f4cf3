import type { CatalogueEntry } from "./entry.ts";

/** 50xx: cases that a policy is tested with. */
export const casesEntries = {
  "bad-case": {
    code: "CFD5001",
    severity: "error",
    title: "a case that asks nothing",
    message: "`{text}` is no case: {why}",
    fix: "{instead}",
    explanation:
      "A case is one request in the words of `cofferdam explain`. A name is written as in a " +
      "policy, so that `\\` goes before a space or a wildcard, and stands for one name.",
    example: "must-deny: [raed /etc/shadow]",
  },
} as const satisfies Record<string, CatalogueEntry>;
