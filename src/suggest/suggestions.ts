import type { AddressRule } from "../kinds/addresses/model.ts";
import { sectionOfClass, wordSections } from "../kinds/model.ts";
import { decide } from "../model/decide.ts";
import type { Policy } from "../model/policy.ts";
import { suggest } from "../model/suggest.ts";
import { addLines } from "../policy/add-lines.ts";
import { POLICY_BYTES_MAX } from "../policy/limits.ts";
import { callGroupLines } from "./call-groups.ts";
import { judgeDangers } from "./dangers.ts";
import { fileLines } from "./file-lines.ts";
import { type Beyond, type Need, sortNeeds } from "./need.ts";
import { otherLines } from "./other-lines.ts";
import type { Proposal } from "./proposal.ts";
import { connectsBeforeRename } from "./renamed-sockets.ts";
import type { Tree } from "./tree.ts";
import { usable } from "./usable.ts";

/**
 * An abstraction is proposed if it covers so many needs, or if so large a part of its rules was
 * needed: otherwise its other grants would weigh more. Words are not counted: many daemons ask for
 * the same.
 */
const INCLUDE_NEEDS_MIN = 3;
const INCLUDE_SHARE_MIN = 1 / 2;

/** Of an item of a list, beside the line itself: its indentation, `- ` and the line's end. */
const LINE_EXTRA_BYTES = 16;

export interface Abstraction {
  readonly name: string;
  readonly summary: string;
}

/** What `suggestions` asks of a host. */
export interface SuggestHost {
  readonly tree: Tree;
  readonly abstractions: readonly Abstraction[];
  /** Of system calls. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly others: readonly Policy[];
  /** If the file is a template's: the instance that asked. */
  readonly instance?: string;
  /** The policy that a text of the domain's file would be; null if it has errors. */
  readonly load: (text: string) => Policy | null;
}

export interface Suggestions {
  /** For `--write`, in the order of the policy language. */
  readonly lines: readonly Proposal[];
  /** Only a person may take these. */
  readonly dangerous: readonly (Proposal & { readonly dangers: readonly string[] })[];
  /** No line helps. */
  readonly beyond: readonly { readonly need: Need; readonly reason: Beyond | "no-line" }[];
  /** Needs that the policy grants already. */
  readonly granted: number;
}

/**
 * What would cover what a domain was warned about, as narrow as what is seen of it allows. Each
 * line that is returned was tried: with all of them the policy loads, and grants its needs.
 */
export function suggestions(
  text: string,
  policy: Policy,
  needs: readonly Need[],
  host: SuggestHost,
): Suggestions {
  const { lacking, granted, beyond } = sortNeeds(policy, needs);
  if (lacking.length === 0) return { lines: [], dangerous: [], beyond, granted: granted.length };
  const includes = includesFor(text, policy, lacking, host);
  const covered = new Set(includes.flatMap((one) => one.needs));
  const rest = lacking.filter((need) => !covered.has(need));
  const groups = callGroupLines(policy, rest, host.groups);
  const grouped = new Set(groups.flatMap((one) => one.needs));
  const single = [...rest, ...connectsBeforeRename(policy, rest)].filter(
    (need) => isNoFile(need) && !grouped.has(need),
  );
  const proposed = [
    ...includes,
    ...fileLines(policy, rest, host.tree),
    ...groups,
    ...otherLines(policy, single, host.tree),
  ].map((one) => forEachInstance(one, host.instance));
  const { after, lines } = helping(text, proposed, host);
  const dangersOf = judgeDangers({
    ...{ before: policy, after: after ?? policy, others: host.others },
    isSetUserId: host.tree.isSetUserId,
  });
  const judged = lines.map((one) => ({ ...one, dangers: dangersOf(one) }));
  const helped = new Set(lines.flatMap((one) => one.needs));
  const left = lacking.filter((need) => !helped.has(need));
  return {
    lines: judged.filter(({ dangers }) => dangers.length === 0),
    dangerous: judged.filter(({ dangers }) => dangers.length > 0),
    beyond: [...beyond, ...left.map((need) => ({ need, reason: "no-line" as const }))],
    granted: granted.length,
  };
}

/**
 * A template's lines hold for all its instances, so that one instance's name in them becomes the
 * variable. A number may stand for anything.
 */
export function forEachInstance(proposal: Proposal, instance: string | undefined): Proposal {
  const { section, line } = proposal;
  const begin = line.search(/[/@]/);
  if (instance === undefined || !/[A-Za-z]/.test(instance) || begin < 0) return proposal;
  if (section !== "files" && !/^(?:connect|listen) unix /.test(line)) return proposal;
  const word = instance.replaceAll(".", "\\.");
  const names = line.slice(begin);
  const general = names.replaceAll(
    new RegExp(`(?<![A-Za-z0-9])${word}(?![A-Za-z0-9])`, "g"),
    () => "${instance}",
  );
  return general === names
    ? proposal
    : { ...proposal, line: `${line.slice(0, begin)}${general}`, ofInstance: line };
}

export function isNoFile({ request }: Need): boolean {
  if (request.class === "two-names") return request.directory;
  if (request.class !== "name") return true;
  return request.operation === "connect" || request.operation === "listen";
}

/** Lines that, all together, make a policy that loads, each with the needs that this one grants. */
function helping(
  text: string,
  proposed: readonly Proposal[],
  { load }: SuggestHost,
): { readonly after: Policy | null; readonly lines: readonly Proposal[] } {
  const loading = usable(fitting(text, proposed), (some) => load(addLines(text, some)) !== null);
  const after = load(addLines(text, loading));
  if (after === null) return { after, lines: [] };
  const lines = loading
    .map((one) => ({
      ...one,
      needs: one.needs.filter(({ request }) => decide(after, request).outcome === "granted"),
    }))
    .filter(({ needs }) => needs.length > 0);
  return { after, lines };
}

/** The first lines, as many as one policy file can hold. */
function fitting(text: string, proposed: readonly Proposal[]): readonly Proposal[] {
  let left = POLICY_BYTES_MAX - Buffer.byteLength(addLines(text, sectionsOf(proposed)));
  const end = proposed.findIndex(({ line }) => {
    left -= Buffer.byteLength(JSON.stringify(line)) + LINE_EXTRA_BYTES;
    return left < 0;
  });
  return end < 0 ? proposed : proposed.slice(0, end);
}

/** One line for each section, so that their keys are counted. */
function sectionsOf(proposed: readonly Proposal[]): readonly Proposal[] {
  return [...new Map(proposed.map((one) => [one.section, one])).values()];
}

/** What the policy would be with one abstraction more. */
interface Included {
  readonly proposal: Omit<Proposal, "needs" | "because">;
  readonly summary: string;
  readonly needs: readonly Need[];
  /** Rules of the abstraction that the policy lacks. */
  readonly rules: number;
}

/** Abstractions, those first that cover most; of equals the one that grants least. */
function includesFor(
  text: string,
  policy: Policy,
  lacking: readonly Need[],
  host: SuggestHost,
): Proposal[] {
  const found: Proposal[] = [];
  const asked = wordsAsked(policy, lacking);
  let open: ReadonlySet<Need> = new Set(lacking);
  let left = host.abstractions.flatMap(
    (one) => includedBy(text, policy, { lacking, asked }, one, host) ?? [],
  );
  for (;;) {
    left = left
      .map((one) => ({ ...one, needs: one.needs.filter((need) => open.has(need)) }))
      .filter(isEnough)
      .toSorted((a, b) => b.needs.length - a.needs.length || a.rules - b.rules);
    const best = left.shift();
    if (best === undefined) return found;
    const { summary, needs, rules } = best;
    const count = countedOf(needs);
    const among = count === 1 ? "1 access is" : `${count} accesses are`;
    const because = `${summary}: ${among} among its ${rules === 1 ? "rule" : `${rules} rules`}`;
    found.push({ ...best.proposal, because, needs });
    const taken = new Set(needs);
    open = new Set([...open].filter((need) => !taken.has(need)));
  }
}

/** Not too little of the abstraction was needed. */
function isEnough({ needs, rules }: Included): boolean {
  const least = Math.min(INCLUDE_NEEDS_MIN, Math.max(1, rules * INCLUDE_SHARE_MIN));
  return countedOf(needs) >= least;
}

function countedOf(needs: readonly Need[]): number {
  return needs.filter((need) => !isWord(need)).length;
}

/**
 * null if the policy cannot include it, if it brings a capability, a system call or another word
 * that the domain did not ask for, or if it denies what the domain asked for.
 */
function includedBy(
  text: string,
  policy: Policy,
  { lacking, asked }: { readonly lacking: readonly Need[]; readonly asked: ReadonlySet<string> },
  { name, summary }: Abstraction,
  { load }: SuggestHost,
): Included | null {
  const line = { section: "include" as const, line: name };
  const after = load(addLines(text, [line]));
  if (after === null || wordsOf(after).some((word) => !asked.has(word))) return null;
  const answers = lacking.map((need) => ({ need, ...decide(after, need.request) }));
  if (answers.some((answer) => answer.outcome === "denied" && answer.reason === "rule"))
    return null;
  const before = new Set(policy.names.map(({ source }) => source.text));
  const included = after.names.filter(
    ({ effect, source }) => effect === "allow" && !before.has(source.text),
  );
  return {
    proposal: { ...line, wider: null, included, addresses: onlyIn(after, policy) },
    summary,
    needs: answers.filter(({ outcome }) => outcome === "granted").map(({ need }) => need),
    rules: rulesOf(after) - rulesOf(policy),
  };
}

function isWord({ request }: Need): boolean {
  return sectionOfClass(request.class) !== null;
}

/** The words that a policy grants, and those that would grant what it lacks. */
function wordsAsked(policy: Policy, lacking: readonly Need[]): ReadonlySet<string> {
  const words = lacking.filter(isWord).flatMap(({ request }) => suggest(request, policy) ?? []);
  return new Set([...wordsOf(policy), ...words.map(({ section, line }) => `${section} ${line}`)]);
}

function wordsOf(policy: Policy): readonly string[] {
  return wordSections.flatMap((section) =>
    policy[section].flatMap(({ effect, token }) =>
      effect === "allow" ? [`${section} ${token}`] : [],
    ),
  );
}

function onlyIn(after: Policy, before: Policy): readonly AddressRule[] {
  const known = new Set(before.addresses.map(({ source }) => source.text));
  return after.addresses.filter(
    ({ effect, source }) => effect === "allow" && !known.has(source.text),
  );
}

function rulesOf({ names, addresses, sockets }: Policy): number {
  return names.length + addresses.length + sockets.length;
}
