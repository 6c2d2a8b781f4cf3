import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import { loggedRequest } from "../../events/logged-request.ts";
import { keyNames } from "../../policy/language.ts";
import type { Proposal } from "../../suggest/proposal.ts";
import type { Suggestions } from "../../suggest/suggestions.ts";
import { spellRequest } from "../explain/spell-request.ts";
import { evidenceOf, sayEvidence } from "./evidence.ts";

/** Accesses that no line helps; more are counted. */
const BEYOND_SHOWN_MAX = 20;

const INDENT = "      ";

export function renderSuggestions(found: Suggestions, width: number): string {
  const { lines, dangerous } = found;
  const text = [
    ...sections(lines, width),
    ...(dangerous.length === 0
      ? []
      : ["", "Look at these first; --write never takes them:", ...sections(dangerous, width)]),
  ];
  return inLines(text) + renderBeyond(found, width);
}

/** Accesses that no line helps; nothing if there are none. */
export function renderBeyond({ beyond }: Suggestions, width: number): string {
  return inLines([
    ...(beyond.length === 0 ? [] : ["", "No line of the policy helps here:"]),
    ...beyond.slice(0, BEYOND_SHOWN_MAX).flatMap((one) => beyondLines(one, width)),
    ...(beyond.length > BEYOND_SHOWN_MAX ? [`  and ${beyond.length - BEYOND_SHOWN_MAX} more`] : []),
  ]);
}

/** Lines that were chosen and could not be written. */
export function renderLost(lines: readonly Proposal[]): string {
  return inLines([
    "These lines were taken:",
    ...lines.map(({ section, line }) => `  ${section}: - ${line}`),
  ]);
}

function inLines(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join("");
}

type Shown = Proposal & { readonly dangers?: readonly string[] };

function sections(proposals: readonly Shown[], width: number): string[] {
  const order = keyNames("domain");
  const names = order.filter((name) => proposals.some(({ section }) => section === name));
  return names.flatMap((name) => [
    `${name}:`,
    ...proposals
      .filter(({ section }) => section === name)
      .flatMap((proposal) => proposalLines(proposal, width)),
  ]);
}

function proposalLines({ line, because, wider, needs, dangers = [] }: Shown, width: number) {
  const more = wider === null || wider === 0 ? "" : `; it grants ${wider} more`;
  const notes = [
    ...dangers.map((danger) => `careful: ${danger}`),
    ...(because === null ? [] : [`${because}${more}`]),
    sayEvidence(evidenceOf(needs)),
  ];
  return [
    `  - ${line}`,
    ...notes.flatMap((note) => wrap(`${INDENT}${note}`, width, INDENT).split("\n")),
  ];
}

const reasons: Readonly<Record<Suggestions["beyond"][number]["reason"], string>> = {
  "own-object": "it belongs to Cofferdam, which no domain may touch",
  rule: "a deny rule of the policy refuses it, and deny beats allow",
  "no-line": "no line of a policy grants it, or the policy has no room for the line",
};

function beyondLines({ need, reason }: Suggestions["beyond"][number], width: number): string[] {
  const text = `  ${spellRequest(need.request)}: ${reasons[reason]}`;
  return wrap(text, width, INDENT).split("\n");
}

/** For programs: what is printed, with each request. */
export function suggestionsJson(domain: string, found: Suggestions) {
  const shown = (proposal: Shown) => {
    const { section, line, because, wider, needs, dangers = [] } = proposal;
    const requests = needs.map(({ request }) => loggedRequest(request));
    return { section, line, because, wider, dangers, ...evidenceOf(needs), requests };
  };
  return {
    domain,
    lines: found.lines.map(shown),
    dangerous: found.dangerous.map(shown),
    beyond: found.beyond.map(({ need, reason }) => ({
      request: loggedRequest(need.request),
      reason,
      count: need.count,
    })),
    granted: found.granted,
  };
}
