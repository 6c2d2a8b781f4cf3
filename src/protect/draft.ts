import { isCapability } from "../kinds/capabilities/model.ts";
import { namesAsked } from "../model/automaton/build.ts";
import { isLiteral, literalPrefix, parsePattern } from "../model/pattern.ts";
import type { PermissionSet } from "../model/permission.ts";
import type { Policy } from "../model/policy.ts";
import type { Request } from "../model/request.ts";
import { coveredRules } from "../policy/3-check/covered.ts";
import { judgeDangers } from "../suggest/dangers.ts";
import type { Need } from "../suggest/need.ts";
import { grantedNames, type Proposal } from "../suggest/proposal.ts";
import { type SuggestHost, suggestions } from "../suggest/suggestions.ts";
import { usable } from "../suggest/usable.ts";
import { type DraftHead, draftText } from "./draft-text.ts";
import { type DraftLine, type Evidence, isGranted } from "./evidence.ts";

/** Names below a folder by which its line is judged. */
const FOLDER_SIZE_MAX = 20_000;
/** Lines that a running process can cause. */
const PROCESS_LINES_MAX = 100;

export interface Draft {
  readonly text: string;
  readonly policy: Policy;
  readonly lines: readonly DraftLine[];
  /** Lines that running processes would have had beyond a limit. */
  readonly left: number;
}

/**
 * A policy of what was found, as narrow as it was found. null if even the head of it cannot be
 * loaded. `needs`: what processes do now; what they show is judged as `suggest` judges a log.
 */
export function draft(
  head: DraftHead,
  evidence: readonly Evidence[],
  needs: readonly Need[],
  host: SuggestHost,
): Draft | null {
  const bare = host.load(draftText(head, []));
  if (bare === null) return null;
  // Without lines that no policy may have, such as one about a name that is too long.
  const found = usable(merged(evidence), (some) => host.load(textOfAll(head, some)) !== null);
  const all = host.load(textOfAll(head, found)) ?? bare;
  const { isSetUserId } = host.tree;
  const dangersOf = judgeDangers({ before: all, after: all, others: host.others, isSetUserId });
  const judge = (one: Evidence): DraftLine => ({
    ...one,
    dangers: [...claimed(one), ...dangersOf(proposalOf(one, host))],
  });
  const judged = found.flatMap((one) => [...harmlessPart(one, judge), judge(one)]);
  const written = withoutCovered(judged, head, host);
  const text = draftText(head, written);
  const policy = host.load(text);
  if (policy === null) return null;
  const { lines: seen, left } = ofProcesses(text, policy, needs, host);
  const lines = withoutRepeated([...written, ...seen], head, host);
  const whole = draftText(head, lines);
  const after = host.load(whole);
  return after === null ? null : { text: whole, policy: after, lines, left };
}

/**
 * Without granted lines that others of the draft cover: a process may use more of a folder than the
 * unit names.
 */
function withoutRepeated(
  lines: readonly DraftLine[],
  head: DraftHead,
  { load }: SuggestHost,
): readonly DraftLine[] {
  const policy = load(draftText(head, lines));
  if (policy === null) return lines;
  const left = [...lines];
  for (const { rule, other } of coveredRules(policy)) {
    if (other.effect === "deny") continue;
    const at = left.findLastIndex((one) => isGranted(one) && one.line === rule.source.text);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}

/** Of a line that is only a comment for what may be changed: the line that grants reading. */
function harmlessPart(one: Evidence, judge: (one: Evidence) => DraftLine): readonly DraftLine[] {
  const reading = one.line.replace(/^\w+(?= )/, (letters) => letters.replace(/[wcda]/g, ""));
  if (one.section !== "files" || reading.startsWith(" ") || reading === one.line) return [];
  const part = judge({ ...one, line: reading });
  return isGranted(judge(one)) || !isGranted(part) ? [] : [part];
}

/** Everything granted, to try whether it can be loaded. */
function textOfAll(head: DraftHead, evidence: readonly Evidence[]): string {
  return draftText(
    head,
    evidence.map((one) => ({ ...one, dangers: [] })),
  );
}

/** One line for what several say, and for all letters of one name. */
export function merged(evidence: readonly Evidence[]): readonly Evidence[] {
  const lines = new Map<
    string,
    Evidence & { readonly doubt: string; readonly reasons: ReadonlySet<string> }
  >();
  for (const one of evidence) {
    const { section, line } = one;
    const [letters = "", name = ""] = section === "files" ? line.split(/ (.*)/s) : ["", line];
    // Of two users the first counts: the unit's.
    const isOne = section === "user" || section === "group";
    // What makes a program start is no reason for what others want of its file.
    const key = isOne ? section : `${section} ${one.isProgram === true} ${name}`;
    const before = lines.get(key);
    if (before !== undefined && section === "user") continue;
    const reasons = new Set([...(before?.reasons ?? []), one.why]);
    const [known = ""] = before === undefined ? [] : before.line.split(" ");
    lines.set(key, {
      ...(before ?? one),
      line: section === "files" ? `${joined(known, letters)} ${name}` : line,
      doubt: before === undefined ? (one.doubt ?? "") : before.doubt && (one.doubt ?? ""),
      why: [...reasons].join("; "),
      reasons,
    });
  }
  return [...lines.values()].map(({ reasons: _, ...one }) => one);
}

const ORDER = "rwcdxmai";

function joined(a: string, b: string): string {
  return [...ORDER].filter((letter) => a.includes(letter) || b.includes(letter)).join("");
}

/** Without files of which another granted line, or an abstraction, grants all that is asked. */
function withoutCovered(
  lines: readonly DraftLine[],
  head: DraftHead,
  { load }: SuggestHost,
): readonly DraftLine[] {
  const isSingle = (one: Evidence) => one.section === "files" && literalOf(one) !== null;
  const wide = lines.filter((one) => isGranted(one) && !isSingle(one));
  const policy = load(draftText(head, wide));
  if (policy === null) return lines;
  const lettersOf = namesAsked(policy.names);
  return lines.filter((one) => {
    if (one.isProgram === true) return true;
    if (isInFolder(one, wide)) return false;
    const single = isSingle(one) ? literalOf(one) : null;
    return single === null || (single.permissions & ~lettersOf(single.name)) !== 0;
  });
}

/** Whether a folder above has a line with the same letters. */
function isInFolder(one: Evidence, folders: readonly Evidence[]): boolean {
  const [, letters = "", folder] = wholeFolder.exec(one.line) ?? [];
  if (one.section !== "files" || folder === undefined) return false;
  return folders.some((other) => {
    const [, more = "", above] = wholeFolder.exec(other.line) ?? [];
    const isAbove = other.section === "files" && above !== undefined && other !== one;
    return isAbove && folder.startsWith(`${above}/`) && [...letters].every((l) => more.includes(l));
  });
}

const wholeFolder = /^(\w+) (.*)\/\*\*$/s;

function literalOf(
  one: Evidence,
): { readonly name: string; readonly permissions: PermissionSet } | null {
  const [granted, second] = grantedNames({ ...one, because: null, needs: [], wider: null });
  const parsed = granted === undefined ? null : parsePattern(granted.pattern);
  if (granted === undefined || second !== undefined || parsed === null) return null;
  if ("problem" in parsed || !isLiteral(parsed.pattern)) return null;
  return { name: literalPrefix(parsed.pattern), permissions: granted.permissions };
}

export function claimed({ doubt = "" }: Evidence): readonly string[] {
  return doubt === "" ? [] : [doubt];
}

/** As `dangers.ts` takes it: with the names of this host that a folder's line grants. */
export function proposalOf(one: Evidence, { tree }: Pick<SuggestHost, "tree">): Proposal {
  const { section, line } = one;
  const folder = section === "files" ? wholeFolder.exec(line)?.[2] : undefined;
  const parsed = folder === undefined ? null : parsePattern(folder);
  const name = parsed === null || "problem" in parsed ? null : literalPrefix(parsed.pattern);
  return {
    ...{ section, line, because: null, wider: null },
    needs: requestsOf(one).map((request) => needOf(request, one)),
    others: name === null ? [] : (tree.below(name, FOLDER_SIZE_MAX) ?? []),
  };
}

function needOf(request: Request, { program }: Evidence): Need {
  const programs = program === undefined ? [] : [program];
  return { request, count: 1, first: "", last: "", programs, pids: [] };
}

/** What the words of a line ask for; names of files speak for themselves. */
function requestsOf({ section, line }: Evidence): readonly Request[] {
  if (section === "capabilities" && isCapability(line))
    return [{ class: "capability", name: line }];
  return section === "memory" && line === "jit" ? [{ class: "memory", kind: "jit" }] : [];
}

/** What running processes use and the draft does not grant yet. */
export function ofProcesses(
  text: string,
  policy: Policy,
  needs: readonly Need[],
  host: SuggestHost,
): { readonly lines: readonly DraftLine[]; readonly left: number } {
  const { lines, dangerous } = suggestions(text, policy, needs, host);
  const all = [...lines.map((one) => ({ ...one, dangers: [] })), ...dangerous];
  return {
    lines: all
      .slice(0, PROCESS_LINES_MAX)
      .map(({ section, line, because, dangers, needs: own }) => ({
        ...{ section, line, dangers },
        why: [`${doneBy(own)}`, ...(because === null ? [] : [because])].join("; "),
        witness: "process" as const,
      })),
    left: Math.max(0, all.length - PROCESS_LINES_MAX),
  };
}

/** Processes that a reason names; more are counted. */
const PIDS_SHOWN_MAX = 3;

/** `process 812 listens on it` */
function doneBy(needs: readonly Need[]): string {
  const pids = [...new Set(needs.flatMap((need) => need.pids))].sort((a, b) => a - b);
  const more = pids.length > PIDS_SHOWN_MAX ? ` and ${pids.length - PIDS_SHOWN_MAX} more` : "";
  const isOne = pids.length === 1;
  const shown = pids.slice(0, PIDS_SHOWN_MAX).join(", ");
  const who = `${isOne ? "process" : "processes"} ${shown}${more}`;
  // What is mapped is read, too.
  const isMapped = needs.some(({ request }) => isMapping(request));
  const told = isMapped ? needs.filter(({ request }) => isMapping(request)) : needs;
  const acts = new Set(told.map(({ request }) => actOf(request, isOne)));
  return `${who} ${[...acts].join(", ")}`;
}

function isMapping(request: Request): boolean {
  return request.class === "name" && request.operation === "map";
}

function actOf(request: Request, isOne: boolean): string {
  const s = isOne ? "s" : "";
  if (request.class === "address")
    return request.operation === "listen"
      ? `listen${s} there`
      : `${isOne ? "is" : "are"} connected`;
  if (request.class === "name" && request.operation === "listen") return `listen${s} there`;
  if (isMapping(request)) return `map${s} it as code`;
  if (request.class === "memory") return `run${s} code in memory that can be written`;
  return `${isOne ? "has" : "have"} it open`;
}
