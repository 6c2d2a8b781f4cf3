import { literalPrefix, parsePattern } from "../pattern.ts";
import type { Policy } from "../policy.ts";
import type { Snapshot } from "../snapshot.ts";
import { brokeredLate, kernelHeld } from "./kernel-grants.ts";
import type { MissingRule } from "./types.ts";

/** Grants that the kernel would hold, whose plain leading directory or name does not exist. */
export function missingRules(
  { names, lateNames }: Policy,
  snapshot: Snapshot,
): readonly MissingRule[] {
  const missing: MissingRule[] = [];
  const lacking = kernelHeld & ~brokeredLate(lateNames);
  for (const rule of names) {
    if (
      rule.effect === "deny" ||
      (rule.permissions & lacking) === 0 ||
      !rule.pattern.startsWith("/")
    )
      continue;
    const parsed = parsePattern(rule.pattern);
    if ("problem" in parsed) continue;
    const path = firstMissing(literalPrefix(parsed.pattern), snapshot);
    if (path !== null) missing.push({ rule, path });
  }
  return missing;
}

function firstMissing(path: string, snapshot: Snapshot): string | null {
  for (let end = path.indexOf("/", 1); ; end = path.indexOf("/", end + 1)) {
    const name = end < 0 ? path : path.slice(0, end);
    if (snapshot.lookup(name) === null) return name;
    if (end < 0) return null;
  }
}
