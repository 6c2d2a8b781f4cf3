import { printable } from "../../base/printable.ts";
import type { Source } from "../../model/policy.ts";
import type { Request } from "../../model/request.ts";
import type { Suggestion } from "../../model/suggest.ts";
import type { Decision, DenialReason } from "../../model/verdict.ts";

/** What the policy says, what a domain that starts now would do, and what would change it. */
export interface Explanation {
  readonly domain: string;
  readonly request: Request;
  /** The policy's own answer, as its text stands. */
  readonly policy: Decision;
  /** The answer of a sealed domain that starts now; null where the domain is not sealed. */
  readonly sealed: Decision | null;
  /**
   * The section and line that would allow it; null where a deny or Cofferdam itself stands against
   * it.
   */
  readonly allow: Suggestion | null;
}

const reasons: Readonly<Record<DenialReason, string>> = {
  "no-rule": "no grant names it",
  gain: "the new name carries permissions that the old one lacks",
  "late-name": "the name or file is not among those the sealed domain started with",
  "own-object": "it belongs to Cofferdam, which no domain may touch",
};

export function renderExplanation(explanation: Explanation, requestText: string): string {
  const { domain, policy, sealed, allow } = explanation;
  const lines = [`${domain}: ${requestText}: ${verdict(policy)}`];
  if (policy.by !== null) lines.push(`  by    ${place(policy.by)}: ${policy.by.text}`);
  if (sealed !== null && (sealed.outcome !== policy.outcome || why(sealed) !== why(policy))) {
    lines.push(`  now   a sealed domain that starts now answers: ${verdict(sealed)}`);
  }
  const remedy =
    allow === null ? otherRemedy(finalDecision(explanation)) : `${allow.section}: - ${allow.line}`;
  if (remedy !== null) lines.push(`  allow ${remedy}`);
  // Requests are made of names that a daemon has chosen, too.
  return lines.map((line) => `${printable(line)}\n`).join("");
}

/** What helps where no line of a policy does; the other reasons say it themselves. */
function otherRemedy(decision: Decision): string | null {
  if (decision.outcome === "granted") return null;
  switch (decision.reason) {
    case "rule":
      return "only by taking that rule out: deny beats allow";
    case "late-name":
      return "only by a start after it is there, or by a grant of its whole directory (DIR/**)";
    case "no-rule":
      return "by no line: this is never granted";
    case "gain":
    case "own-object":
      return null;
  }
}

function why(decision: Decision): string {
  if (decision.outcome === "granted") return "";
  return decision.reason === "rule" ? "a rule denies it" : reasons[decision.reason];
}

function verdict(decision: Decision): string {
  return decision.outcome === "granted" ? "granted" : `denied: ${why(decision)}`;
}

function place({ file, line }: Source): string {
  return `${file}:${line}`;
}

/** The final answer: what would happen in a domain that starts now. */
export function finalDecision({ policy, sealed }: Explanation): Decision {
  return sealed ?? policy;
}
