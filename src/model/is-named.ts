import type { TokenRule } from "./rule.ts";

/** Whether the rule's author wrote the token itself, not a group that contains it. */
export function isNamed({ effect, token, source }: TokenRule): boolean {
  return source.text === (effect === "deny" ? `deny ${token}` : token);
}
