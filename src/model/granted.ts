import type { TokenRule } from "./rule.ts";

/** Deny beats allow. */
export function granted<T extends string>(rules: readonly TokenRule<T>[]): ReadonlySet<T> {
  const denied = deniedTokens(rules);
  return new Set(
    rules
      .filter(({ effect, token }) => effect === "allow" && !denied.has(token))
      .map(({ token }) => token),
  );
}

export function deniedTokens<T extends string>(rules: readonly TokenRule<T>[]): ReadonlySet<T> {
  return new Set(rules.filter(({ effect }) => effect === "deny").map(({ token }) => token));
}
