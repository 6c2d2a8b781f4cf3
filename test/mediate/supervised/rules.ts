import { capabilityNames } from "../../../src/kinds/capabilities/model.ts";
import type { TokenRule } from "../../../src/model/policy.ts";
import type { Built } from "../build.ts";

/** What the test's own target needs to run at all: itself, the dynamic loader and the C library. */
export function toStart(built: Built): string[] {
  return [`rx ${built.target}`, "rxm /usr/lib/**", "r /etc/ld.so.cache"];
}

const source = { file: "scene", line: 1, column: 1, text: "capabilities" };
export const everyCapability: readonly TokenRule[] = capabilityNames.map((token) => ({
  effect: "allow",
  token,
  source,
}));
