import { isOwnObject } from "../own-objects.ts";
import type { Effect, Source } from "../rule.ts";
import type { Decision, DenialReason } from "../verdict.ts";

interface Rule {
  readonly effect: Effect;
  readonly source: Source;
}

/**
 * Deny beats allow, and what no allow names is denied. The rule named is the first of its effect in
 * source order.
 */
export function firstDenyElseAllow<R extends Rule>(
  rules: readonly R[],
  applies: (rule: R) => boolean,
): Decision {
  const applying = rules.filter(applies);
  if (applying.some((rule) => rule.effect === "deny" && isOwnObject(rule.source)))
    return denied("own-object");
  const deny = applying.find((rule) => rule.effect === "deny");
  if (deny !== undefined) return { outcome: "denied", by: deny.source, reason: "rule" };
  const allow = applying[0];
  return allow === undefined ? denied("no-rule") : { outcome: "granted", by: allow.source };
}

/**
 * What is needed together: granted by the first one if all are granted. Else the refusal that no
 * further grant could change, so that none is proposed in vain; else the first one.
 */
export function allOf(decisions: readonly [Decision, ...Decision[]]): Decision {
  const refused = decisions.filter(({ outcome }) => outcome === "denied") as Denied[];
  return (
    refused.find(({ reason }) => reason === "own-object") ??
    refused.find(({ reason }) => reason === "rule") ??
    refused[0] ??
    decisions[0]
  );
}

type Denied = Extract<Decision, { outcome: "denied" }>;

export function denied(reason: DenialReason): Decision {
  return { outcome: "denied", by: null, reason };
}
