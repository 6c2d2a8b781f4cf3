import { type Grant, grantsOf } from "../../domains/used-grants.ts";
import type { DailyLife, Happened } from "../../host/daily-life.ts";
import type { Evidence, ShownEvidence } from "../../host/evidence.ts";
import { Permission } from "../../model/permission.ts";
import type { Policy } from "../../model/policy.ts";
import { lengthOfTime, localTime } from "../render/local-time.ts";
import { counted, type Reason, reason } from "./reason.ts";

/** A line of the policy's own file, or an abstraction that it includes. */
export interface UnusedGrant {
  readonly abstraction: string | null;
  readonly file: string;
  /** null for an abstraction. */
  readonly line: number | null;
  readonly text: string;
}

export type Unused =
  | { readonly state: "unknown"; readonly why: string }
  | {
      readonly state: "known";
      readonly since: string;
      readonly unused: readonly UnusedGrant[];
      /** Lines and abstractions whose uses no mediator sees. */
      readonly unseen: number;
      /** Lines that are newer than the last start. */
      readonly fresh: number;
      /** Lines and abstractions. */
      readonly all: number;
    };

/** What is known of the uses of a policy's grants. */
export interface Uses {
  /** As it is written, with its places. */
  readonly policy: Policy;
  /** By abstraction that the policy includes: the files of its grants. */
  readonly includes: ReadonlyMap<string, readonly string[]>;
  /** The capabilities that the domain uses are recorded. */
  readonly capabilitiesSeen: boolean;
  /** Since `usedSince`. */
  readonly life: DailyLife | null;
}

/** Every policy grants these calls; no line of it does. */
const ALWAYS_GRANTED = "@default";
/** Lines that are shown; --json has them all. */
const SHOWN_MAX = 10;

/** `running`: as in `Looked`. */
export function unusedGrants(uses: Uses, shown: ShownEvidence, running: Running): Unused {
  const { evidence } = shown;
  const why = evidence === null ? "the domain is not watched" : whyUnknown(evidence, running);
  if (why !== null || evidence === null) return { state: "unknown", why: why ?? "" };
  const used = new Set(evidence.used);
  const isRecorded = uses.capabilitiesSeen && !evidence.gaps.some(({ kind }) => kind === "unseen");
  const grants = knowableGrants(uses.policy, used, isRecorded);
  const judged = [...ownLines(grants, uses), ...abstractions(grants, uses)].map((one) => ({
    ...one,
    state: stateOf(one, used, evidence),
  }));
  const count = (state: State) => judged.filter((one) => one.state === state).length;
  return {
    state: "known",
    since: evidence.usedSince ?? evidence.since,
    unused: judged.filter(({ state }) => state === "unused").map(({ shownAs }) => shownAs),
    unseen: count("unseen"),
    fresh: count("fresh"),
    all: judged.length,
  };
}

type Running = { readonly keeping: number; readonly inKernel: number };

function whyUnknown(evidence: Evidence, { keeping, inKernel }: Running): string | null {
  const { usedSince, used, lastStart, gaps } = evidence;
  const runs = counted(keeping, "run");
  if (inKernel > 0) return "the bpf-lsm engine, which holds it, does not mark what is used";
  if (keeping > 0) return `${runs} of it keeps the level of its start, and is not seen`;
  if (usedSince === null) return "it was watched by an agent of an earlier version";
  if (gaps.some(({ kind }) => kind === "failed"))
    return "Cofferdam failed at something while it watched";
  if (lastStart === null || lastStart < usedSince)
    return `no start of it was seen since ${localTime(usedSince)}`;
  return used.length === 0 ? "its mediator has told of no use at all" : null;
}

/** Grants that stand or fall together. */
interface Judged {
  readonly grants: readonly Grant[];
  readonly shownAs: UnusedGrant;
}

type State = "used" | "unseen" | "fresh" | "unused";

function stateOf(
  { grants }: Judged,
  used: ReadonlySet<string>,
  { fresh, starts }: Evidence,
): State {
  if (grants.some(({ id }) => used.has(id))) return "used";
  if (grants.some(({ isSeen }) => !isSeen)) return "unseen";
  const isFresh = ({ source }: Grant) =>
    fresh.some((one) => one.line === source.text && one.starts >= starts);
  return grants.some(isFresh) ? "fresh" : "unused";
}

function ownLines(grants: readonly Grant[], { includes }: Uses): readonly Judged[] {
  const included = new Set([...includes.values()].flat());
  const lines = new Map<string, Grant[]>();
  for (const grant of grants) {
    const { file, line, text } = grant.source;
    if (included.has(file)) continue;
    const key = `${line} ${text}`;
    lines.set(key, [...(lines.get(key) ?? []), grant]);
  }
  return [...lines.values()].flatMap((together) => {
    const [first] = together;
    if (first === undefined) return [];
    const { file, line, text } = first.source;
    return [{ grants: together, shownAs: { abstraction: null, file, line, text } }];
  });
}

/** What denies only is no grant. */
function abstractions(grants: readonly Grant[], { includes }: Uses): readonly Judged[] {
  return [...includes].flatMap(([name, files]) => {
    const within = grants.filter(({ source }) => files.includes(source.file));
    const file = files[0] ?? name;
    const shownAs = { abstraction: name, file, line: null, text: `include: ${name}` };
    return within.length === 0 ? [] : [{ grants: within, shownAs }];
  });
}

/**
 * A socket may be made if any rule grants an address or name for it, and then used for nothing
 * that is judged. So where all such rules would go, none is known to be unused.
 */
function knowableGrants(
  policy: Policy,
  used: ReadonlySet<string>,
  capabilitiesSeen: boolean,
): readonly Grant[] {
  const { addresses, names, capabilities } = policy;
  const all = grantsOf(policy).filter(({ source }) => source.text !== ALWAYS_GRANTED);
  const sockets = Permission.connect | Permission.listen;
  const unknown = new Set(capabilitiesSeen ? [] : capabilities.map(({ source }) => source));
  for (const rules of [
    addresses.filter(({ protocol }) => protocol === "tcp"),
    addresses.filter(({ protocol }) => protocol === "udp"),
    names.filter(({ permissions }) => (permissions & sockets) !== 0),
  ]) {
    const sources = new Set(rules.map(({ source }) => source));
    const stays = ({ id, isSeen, source }: Grant) =>
      sources.has(source) && (!isSeen || used.has(id));
    if (!all.some(stays)) for (const source of sources) unknown.add(source);
  }
  return all.map((grant) => (unknown.has(grant.source) ? { ...grant, isSeen: false } : grant));
}

export function unusedReasons(unused: Unused, life: DailyLife | null, now: number): Reason[] {
  if (unused.state === "unknown")
    return [reason("note", "unused", `grants never used: cannot be known: ${unused.why}`)];
  const { since, unused: lines, unseen, fresh, all } = unused;
  const days = lengthOfTime(Math.max(0, (now - Date.parse(since)) / 1_000));
  const hidden = [
    ...(unseen === 0 ? [] : [`${unseen} whose uses nobody sees`]),
    ...(fresh === 0 ? [] : [`${fresh} newer than the last start`]),
  ].join(" and ");
  const but = hidden === "" ? "" : `; not known of ${hidden}`;
  if (lines.length === 0)
    return [
      reason("note", "unused", `${all - unseen - fresh} of ${all} grants used in ${days}${but}`),
    ];
  const never = `${lines.length} of ${all} grants never used in ${days}`;
  const text = `${never}, since ${localTime(since)}${but}`;
  return [reason("note", "unused", text, advice(life))];
}

/** What has not happened may be what a grant is for. */
function advice(life: DailyLife | null): string {
  const happened: readonly (readonly [string, Happened])[] =
    life === null
      ? []
      : [
          ["reload", life.reloads],
          ["rotation of logs", life.rotations],
          ["upgrade", life.upgrades],
        ];
  const missing = happened
    .filter(([, one]) => one.state === "unknown" || one.count === 0)
    .map(([what]) => what);
  const seen = happened.filter(([what]) => !missing.includes(what)).map(([what]) => what);
  const words = [["a start", ...seen].join(", "), [...missing, "any failure"].join(", ")];
  return `seen meanwhile: ${words[0]}; not seen, and may need them: ${words[1]}`;
}

export function unusedLines(unused: Unused): readonly string[] {
  if (unused.state === "unknown") return [];
  const more = unused.unused.length - SHOWN_MAX;
  return [
    ...unused.unused
      .slice(0, SHOWN_MAX)
      .map(({ line, text }) => (line === null ? text : `line ${line}: ${text}`)),
    ...(more > 0 ? [`and ${more} more (--json)`] : []),
  ];
}
