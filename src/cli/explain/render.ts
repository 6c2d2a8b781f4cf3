import { printable } from "../../base/printable.ts";
import type { Source } from "../../model/policy.ts";
import type { Request } from "../../model/request.ts";
import type { Suggestion } from "../../model/suggest.ts";
import type { Decision, DenialReason } from "../../model/verdict.ts";

/** What the policy says, what a domain that starts now would do, and what would change that. */
export interface Explanation {
  readonly domain: string;
  readonly request: Request;
  /** The answer of the policy's text alone. */
  readonly policy: Decision;
  /** The answer of a sealed domain that starts now; null if the domain is supervised. */
  readonly sealed: Decision | null;
  /**
   * The section and line that would allow it; null if a deny rule or Cofferdam's own rules refuse
   * it.
   */
  readonly allow: Suggestion | null;
}

const reasons: Readonly<Record<DenialReason, string>> = {
  "no-rule": "no grant names it",
  gain: "the new name carries permissions that the old one lacks",
  "late-name": "the sealed domain was started before that name or file existed",
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
  // A daemon may have chosen the names in a request.
  return lines.map((line) => `${printable(line)}\n`).join("");
}

/**
 * The help for a refusal that no line of a policy can change; null if the reason itself contains
 * the help.
 */
function otherRemedy(decision: Decision): string | null {
  if (decision.outcome === "granted") return null;
  switch (decision.reason) {
    case "rule":
      return "remove that rule: a denial overrides every grant";
    case "late-name":
      return (
        "start the domain again when it exists, or grant its whole directory (DIR/**); " +
        "`late-names: brokered` allows to read and write it"
      );
    case "no-rule":
      return "impossible: no policy can grant it";
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

/** The answer that a domain that starts now would give. */
export function finalDecision({ policy, sealed }: Explanation): Decision {
  return sealed ?? policy;
}
