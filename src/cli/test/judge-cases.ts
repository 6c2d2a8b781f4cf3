import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { decide } from "../../model/decide.ts";
import { isLiteral, literalPrefix, parsePattern } from "../../model/pattern.ts";
import type { Request } from "../../model/request.ts";
import type { Decision } from "../../model/verdict.ts";
import type { CaseLine } from "../../policy/cases.ts";
import { CommandError, type Context } from "../command.ts";
import { heldNames } from "../explain/explain-request.ts";
import { hostNames } from "../explain/names.ts";
import { parseRequest } from "../explain/request.ts";
import type { RequiredPolicy } from "../require-policy.ts";

export interface JudgedCase {
  readonly line: CaseLine;
  readonly request: Request;
  /** The answer of the policy's text. */
  readonly policy: Decision;
  /** The answer of a sealed domain that starts now; null if the domain is supervised. */
  readonly sealed: Decision | null;
  readonly holds: boolean;
}

/** A case, or what is wrong with its line. */
export type ReadCase =
  | { readonly line: CaseLine; readonly request: Request }
  | { readonly diagnostic: Diagnostic };

/** In the words of `explain`; names as a policy writes them. */
export function readCase(line: CaseLine): ReadCase {
  const { text, words, span } = line;
  const refuse = (why: string, instead: string) => ({
    diagnostic: diagnose("bad-case", span, { text, why, instead }),
  });
  const wild = words.find((word) => nameOf(word) === null);
  if (wild !== undefined)
    return refuse(`\`${wild}\` is not one name`, "write the name itself, `\\` before a wildcard");
  try {
    const request = parseRequest(
      words.map((word) => nameOf(word) ?? word),
      hostNames,
    );
    return { line, request };
  } catch (error) {
    if (error instanceof CommandError) return refuse(error.message, error.help);
    throw error;
  }
}

/** A word that is no name stays as it is; null for a pattern of several names. */
function nameOf(word: string): string | null {
  if (!/^[/@]/.test(word)) return word;
  const parsed = parsePattern(word);
  return "pattern" in parsed && isLiteral(parsed.pattern) ? literalPrefix(parsed.pattern) : null;
}

/**
 * Whether the policy's text allows what it must allow, and neither its text nor a sealed domain
 * that starts now allows what it must deny. What does not exist on this host is in no sealed
 * domain, and says nothing about the policy.
 */
export function judgeCases(
  context: Context,
  required: RequiredPolicy,
  cases: readonly { readonly line: CaseLine; readonly request: Request }[],
): readonly JudgedCase[] {
  const { policy, view } = heldNames(context, required, required.policy);
  return cases.map(({ line, request }) => {
    const byText = decide(policy, request);
    const sealed = view === undefined ? null : decide(policy, request, view);
    const isAllowed = byText.outcome === "granted";
    const isReached = isAllowed || sealed?.outcome === "granted";
    const holds = line.expected === "must-allow" ? isAllowed : !isReached;
    return { line, request, policy: byText, sealed, holds };
  });
}
