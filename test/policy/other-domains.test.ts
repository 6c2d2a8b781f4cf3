import { expect, test } from "vitest";
import type { Policy } from "../../src/model/policy.ts";
import { check, checkErrors } from "../../src/policy/3-check/check.ts";
import { names, policy, source } from "../model/helpers/policy.ts";

const reader = { names: names("r /srv/web") };
const writer = { names: names("w /srv/web") };
const starter = {
  transitions: [{ path: "/bin/other", into: "other", source: source("/bin/other") }],
};

/** How often a check of the policy has the host's domains loaded. */
function asked(of: typeof check, parts: Partial<Policy>): number {
  let count = 0;
  of(policy(parts), {
    others: () => {
      count++;
      return [];
    },
  });
  return count;
}

test("other domains are loaded for a policy that could harm them, and for no other", () => {
  expect(asked(check, reader)).toBe(0);
  expect(asked(check, writer)).toBeGreaterThan(0);
  expect(asked(check, starter)).toBeGreaterThan(0);
  expect(asked(checkErrors, writer)).toBe(0);
  expect(asked(checkErrors, starter)).toBeGreaterThan(0);
});
