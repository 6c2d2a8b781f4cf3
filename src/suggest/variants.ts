import { decide } from "../model/decide.ts";
import { bytesOfName } from "../model/name-bytes.ts";
import { coverage, parsePattern } from "../model/pattern.ts";
import type { Policy } from "../model/policy.ts";
import { addLines } from "../policy/add-lines.ts";
import { fileLines, folderLine } from "./file-lines.ts";
import { moreAddresses, otherLines } from "./other-lines.ts";
import { grantedNames, type Proposal } from "./proposal.ts";
import { forEachInstance, isNoFile, type SuggestHost } from "./suggestions.ts";

/** Ways to grant what one proposal grants. */
export interface Variants {
  /** From the narrowest; each is one line or several in its place. */
  readonly lines: readonly (readonly Proposal[])[];
  /** Which of them is the proposal itself. */
  readonly usual: number;
}

/**
 * Narrower: exactly what was asked for, and patterns in the place of an abstraction. Wider: the
 * folder that the names are in, the network that the addresses are in. Each was tried: with the
 * other `proposed` lines it grants what the proposal was for. `text` and `policy`: without them.
 */
export function variantsOf(
  proposal: Proposal,
  proposed: readonly Proposal[],
  { text, policy }: { readonly text: string; readonly policy: Policy },
  host: SuggestHost,
): Variants {
  const others = proposed.filter((one) => one !== proposal);
  const known = new Set([spelled([proposal])]);
  const usable = (lines: readonly Proposal[]) => {
    const general = lines.map((one) => forEachInstance(one, host.instance));
    const key = spelled(general);
    if (lines.length === 0 || known.has(key)) return [];
    known.add(key);
    const after = host.load(addLines(text, [...others, ...general]));
    const isEnough = proposal.needs.every(
      ({ request }) => after !== null && decide(after, request).outcome === "granted",
    );
    return isEnough ? [general] : [];
  };
  const narrower = narrowerThan(proposal, policy, host).flatMap(usable);
  const wider = widerThan(proposal, policy, host).flatMap(usable);
  return { lines: [...narrower, [proposal], ...wider], usual: narrower.length };
}

function narrowerThan(
  proposal: Proposal,
  policy: Policy,
  { tree }: SuggestHost,
): readonly (readonly Proposal[])[] {
  const { section, needs } = proposal;
  const asked = needs.filter(isNoFile);
  if (section === "files") return [fileLines(policy, needs, tree, isNameOf(proposal))];
  if (section !== "include") return [otherLines(policy, asked, tree, true)];
  return [
    [...fileLines(policy, needs, tree, () => true), ...otherLines(policy, asked, tree, true)],
    [...fileLines(policy, needs, tree), ...otherLines(policy, asked, tree)],
  ];
}

function widerThan(
  proposal: Proposal,
  policy: Policy,
  { tree }: SuggestHost,
): readonly (readonly Proposal[])[] {
  const { section, line, needs } = proposal;
  if (section === "network") {
    const wider = moreAddresses(needs);
    const at = wider.findIndex((one) => one.line === line);
    return wider.slice(at + 1).map((one) => [one]);
  }
  if (section !== "files" || line.endsWith("/**")) return [];
  const folder = folderLine(policy, needs, tree, isNameOf(proposal));
  return folder === null ? [] : [[folder]];
}

/** A rename is about two names, and is among the needs of the lines of both. */
function isNameOf(proposal: Proposal): (path: string) => boolean {
  const patterns = grantedNames(proposal).flatMap(({ pattern }) => {
    const parsed = parsePattern(pattern);
    return "problem" in parsed ? [] : [parsed.pattern];
  });
  return (path) => patterns.some((one) => coverage(one, bytesOfName(path)) !== 0);
}

function spelled(lines: readonly Proposal[]): string {
  return lines
    .map(({ section, line }) => `${section} ${line}`)
    .sort()
    .join("\n");
}
