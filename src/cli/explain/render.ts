import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import { names } from "../../kinds/names/model.ts";
import type { Source } from "../../model/policy.ts";
import type { NameRequest, Request } from "../../model/request.ts";
import type { Near } from "../../model/rule-kind.ts";
import type { Suggestion } from "../../model/suggest.ts";
import type { Decision, DenialReason } from "../../model/verdict.ts";
import { uptimeNow } from "../../plan/outdated.ts";
import { timeLeft } from "../render/local-time.ts";

/** What the policy says, what a domain that starts now would do, and what would change that. */
export interface Explanation {
  readonly domain: string;
  readonly request: Request;
  /** The answer of the policy's text alone. */
  readonly policy: Decision;
  /** The answer of a sealed domain that starts now; null if the domain is supervised. */
  readonly sealed: Decision | null;
  /**
   * The section and line that would allow it, tried: the policy with it loads; null if none does.
   */
  readonly allow: Suggestion | null;
  /** Why there is no line, and what to do, in a sentence, if the reason does not say it. */
  readonly help: string | null;
  /** What a domain that starts now would answer with that line. */
  readonly tried: Decision | null;
  /** Of a rename or link what is denied of one of its names. */
  readonly part: NameRequest | null;
  /** If no grant names it: the grant that comes nearest. */
  readonly near: Near | null;
  /** Why the kernel's ordinary permissions refuse it, whatever Cofferdam says. */
  readonly ordinary: string | null;
  /** Which other security module of the kernel may refuse it. */
  readonly others: string | null;
}

const reasons: Readonly<Record<DenialReason, string>> = {
  "no-rule": "no grant names it",
  gain: "the new name carries permissions that the old one lacks",
  "late-name": "the sealed domain was started before that name or file existed",
  "own-object": "it belongs to Cofferdam, which no domain may touch",
  never: "no domain is given it, whatever its policy names",
};

/**
 * `text`: the request as it was asked. Only sentences are broken at `width`, no line to be pasted.
 */
export function renderExplanation(explanation: Explanation, text: string, width: number): string {
  const { domain, request, policy, sealed, part, near, allow, tried } = explanation;
  const told = (label: string, sentence: string) =>
    wrap(`${label}${printable(sentence)}`, width, INDENT);
  const lines = [`${domain}: ${text}: ${verdict(policy)}`];
  if (policy.by !== null)
    lines.push(`  by    ${place(policy.by)}: ${policy.by.text}${ending(policy.by)}`);
  for (const path of namesBehindLinks(request, text)) lines.push(`  real  ${path}, after links`);
  if (part !== null && policy.outcome === "denied") lines.push(`  part  ${names.spell(part)}`);
  if (near !== null) lines.push(`  near  ${place(near.source)}: ${near.source.text}`);
  // A daemon may have chosen the names in a request.
  const said = lines.map(printable);
  if (near !== null) said.push(told(INDENT, near.why));
  if (sealed !== null && (sealed.outcome !== policy.outcome || why(sealed) !== why(policy)))
    said.push(told("  now   ", `a sealed domain that starts now answers: ${verdict(sealed)}`));
  const remedy = otherRemedy(explanation);
  if (allow !== null) said.push(printable(`  allow ${allow.section}: - ${allow.line}`));
  if (remedy !== null) said.push(told(allow === null ? "  allow " : INDENT, remedy));
  if (tried?.outcome === "denied")
    said.push(told("  then  ", `once it exists when the domain starts: ${why(tried)}`));
  if (explanation.ordinary !== null)
    said.push(told("  also  ", `ordinary permissions refuse it: ${explanation.ordinary}`));
  if (explanation.others !== null) said.push(told("  also  ", explanation.others));
  return said.map((line) => `${line}\n`).join("");
}

const INDENT = "        ";

/** Names that the words of the request do not have. */
function namesBehindLinks(request: Request, text: string): readonly string[] {
  const paths =
    request.class === "name"
      ? [request.path]
      : request.class === "two-names"
        ? [request.from, request.to]
        : [];
  return paths.filter((path) => !` ${text} `.includes(` ${path} `));
}

/**
 * The help for a refusal that no line of a policy can change; null if the reason itself contains
 * the help.
 */
function otherRemedy(explanation: Explanation): string | null {
  const decision = finalDecision(explanation);
  if (decision.outcome === "granted" || decision.reason !== "late-name") return explanation.help;
  return (
    "start the domain again when it exists, or grant its whole directory (DIR/**); " +
    "`late-names: brokered` allows to read and write it"
  );
}

function why(decision: Decision): string {
  if (decision.outcome === "granted") return "";
  return decision.reason === "rule" ? "a rule denies it" : reasons[decision.reason];
}

function verdict(decision: Decision): string {
  return decision.outcome === "granted" ? "granted" : `denied: ${why(decision)}`;
}

/** Of an exception's rule. */
function ending({ until }: Source): string {
  if (until === undefined) return "";
  const end = new Date(Date.now() + until - uptimeNow()).toISOString();
  return ` (an exception, ${timeLeft(end)} left)`;
}

function place({ file, line }: Source): string {
  return `${file}:${line}`;
}

/** The answer that a domain that starts now would give. */
export function finalDecision({ policy, sealed }: Explanation): Decision {
  return sealed ?? policy;
}
