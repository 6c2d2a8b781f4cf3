import type { DailyLife, Happened } from "../../host/daily-life.ts";
import { type Gap, gapKinds, type ShownEvidence } from "../../host/evidence.ts";
import { howItEnded, isUp, type UnitState } from "../../host/units/unit-state.ts";
import type { Level, Policy } from "../../model/policy.ts";
import { lengthOfTime, localTime } from "../render/local-time.ts";
import { type Denied, type DeniedOnPurpose, grantsAll, purposes } from "./denied.ts";
import { counted, type Reason, reason, type Verdict } from "./reason.ts";
import { type Sorted, sortNeeded } from "./sort-needed.ts";
import { type Unused, type Uses, unusedGrants, unusedReasons } from "./unused.ts";

export interface Readiness {
  readonly domain: string;
  readonly verdict: Verdict;
  /** From when what was seen counts; null if nothing does. */
  readonly since: string | null;
  readonly reasons: readonly Reason[];
  /** What a careful administrator looks at: no rule of the policy grants these. */
  readonly denied: readonly Denied[];
  readonly deniedOnPurpose: readonly DeniedOnPurpose[];
  readonly unused: Unused;
}

export interface Looked {
  readonly domain: string;
  readonly level: Level | null;
  /** The end of a level that was set for a time. */
  readonly until: string | null;
  readonly shown: ShownEvidence;
  /** On this host's names, as the mediator judges. */
  readonly policy: Policy;
  /** The policy's file means what is in force. */
  readonly isInForce: boolean;
  /** Grants that end by themselves. */
  readonly exceptions: number;
  /** Runs, and processes that the bpf-lsm engine holds. */
  readonly running: {
    readonly following: number;
    readonly keeping: number;
    readonly inKernel: number;
  };
  readonly units: readonly UnitState[];
  /** Phrases about what is not recorded now. */
  readonly unseen: readonly string[];
  readonly life: DailyLife | null;
  readonly uses: Uses;
  /** Seconds for which the domain is to have been at warning. */
  readonly least: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The verdict, and every reason for and against it that is known. */
export function judge(looked: Looked): Readiness {
  const { domain, shown } = looked;
  const { evidence } = shown;
  const sorted = evidence === null ? nothingNeeded : sortNeeded(looked.policy, evidence.needs);
  const unused = unusedGrants(looked.uses, shown, looked.running);
  const reasons = [
    ...levelReasons(looked),
    ...(evidence === null ? [] : deniedReasons(domain, sorted)),
    ...policyReasons(looked),
    ...(evidence === null ? [] : timeReasons(looked, evidence)),
    ...runReasons(looked),
    ...gapReasons(looked),
    ...lifeReasons(looked.life),
    ...(evidence === null ? [] : unusedReasons(unused, looked.uses.life, looked.now)),
  ];
  return {
    domain,
    verdict: verdictOf(reasons),
    since: evidence?.since ?? null,
    reasons,
    ...sorted,
    unused,
  };
}

function verdictOf(reasons: readonly Reason[]): Verdict {
  if (reasons.some(({ says }) => says === "not-yet")) return "not-yet";
  return reasons.some(({ says }) => says === "cannot-tell") ? "cannot-tell" : "ready";
}

/** Only level warning shows what enforcing would deny. */
function levelReasons({ domain, level, until, shown }: Looked): readonly Reason[] {
  if (level === "enforcing")
    return [
      reason(
        "cannot-tell",
        "level",
        "it is at level enforcing already, where it is not warned about what it would need",
        `cofferdam events --domain ${domain} --verdict denied`,
      ),
    ];
  if (level !== "warning")
    return [
      reason(
        "cannot-tell",
        "level",
        `it is at level ${level ?? "unknown"}, where nothing is logged`,
        `cofferdam domain level ${domain} warning`,
      ),
    ];
  if (shown.evidence === null)
    return [reason("cannot-tell", "level", "the agent has not begun to watch it", "try again")];
  const end = until === null ? "" : `; that level ends ${localTime(until)}`;
  return end === "" ? [] : [reason("note", "until", `it is at level warning for a time${end}`)];
}

const nothingNeeded: Sorted = { denied: [], deniedOnPurpose: [] };

function deniedReasons(domain: string, { denied, deniedOnPurpose }: Sorted): readonly Reason[] {
  return [
    denied.length === 0
      ? reason("ready", "warnings", grantsAll(deniedOnPurpose))
      : reason(
          "not-yet",
          "warnings",
          `enforcing would deny ${counted(denied.length, "access")} that it was warned about`,
          `cofferdam suggest ${domain}; what is to be denied gets a \`deny\` rule`,
        ),
    ...purposes(deniedOnPurpose),
  ];
}

function policyReasons({ domain, isInForce, exceptions }: Looked): readonly Reason[] {
  const text = "the policy's file is not what is in force";
  const granted = `${counted(exceptions, "exception")} grant what the policy's file does not`;
  const show = `cofferdam exception list ${domain}`;
  return [
    ...(isInForce ? [] : [reason("not-yet", "policy", text, `cofferdam domain reload ${domain}`)]),
    ...(exceptions === 0 ? [] : [reason("not-yet", "exceptions", granted, show)]),
  ];
}

type Evidence = NonNullable<ShownEvidence["evidence"]>;

function timeReasons({ least, now }: Looked, evidence: Evidence): readonly Reason[] {
  const { since, begun, policySince } = evidence;
  const seconds = Math.max(0, (now - Date.parse(since)) / 1_000);
  const why = begun === "policy" ? ", when the policy took something away" : "";
  const text = `watched at level warning for ${lengthOfTime(seconds)}, since ${localTime(since)}`;
  const policy =
    policySince === since
      ? []
      : [
          reason(
            "note",
            "policy-since",
            `the policy is as it is since ${localTime(policySince)}, and before granted no more`,
          ),
        ];
  return [
    seconds >= least
      ? reason("ready", "time", `${text}${why}`)
      : reason("not-yet", "time", `${text}${why}; wanted: ${lengthOfTime(least)} (--least)`),
    ...policy,
  ];
}

function runReasons(looked: Looked): readonly Reason[] {
  const { domain, shown, running, units } = looked;
  const { evidence } = shown;
  const down = units.filter((unit) => !isUp(unit) && (unit.active === "failed" || isLoop(unit)));
  const { following, keeping, inKernel } = running;
  return [
    ...(evidence === null ? [] : [startReason(looked, evidence)]),
    ...down.map((unit) =>
      reason(
        "not-yet",
        "unit",
        `${unit.unit} ${howItEnded(unit)}`,
        `systemctl status ${unit.unit}`,
      ),
    ),
    ...(keeping === 0
      ? []
      : [
          reason(
            "note",
            "keeping",
            `${counted(keeping, "run")} of it keeps the level of its start, and warns of nothing`,
            `cofferdam domain restart ${domain}`,
          ),
        ]),
    ...(following + inKernel === 0 ? [reason("note", "running", "nothing of it runs now")] : []),
  ];
}

function isLoop({ sub }: UnitState): boolean {
  return sub === "auto-restart";
}

function startReason({ domain, running, units }: Looked, evidence: Evidence): Reason {
  const { starts, lastStart, since } = evidence;
  const last = lastStart === null ? "" : `, last ${localTime(lastStart)}`;
  if (starts > 0) return reason("ready", "starts", `started ${counted(starts, "time")}${last}`);
  // What enters in the kernel leaves no run; systemd knows when it has started the unit.
  const started = Math.max(...units.filter(isUp).map((unit) => unit.started ?? 0), 0);
  if (running.inKernel > 0 && started >= Date.parse(since))
    return reason("ready", "starts", `started ${localTime(new Date(started).toISOString())}`);
  return reason(
    "not-yet",
    "starts",
    "no start of it was seen since: what it needs for one is unknown",
    `cofferdam domain restart ${domain}`,
  );
}

function gapReasons({ domain, shown, unseen }: Looked): readonly Reason[] {
  const anew = `cofferdam domain level ${domain} warning begins anew`;
  return [
    ...(shown.evidence?.gaps ?? []).map((gap) =>
      reason("cannot-tell", gap.kind, gapWords(gap), anew),
    ),
    ...(shown.behind
      ? [reason("cannot-tell", "behind", "the agent has not read the whole log", "try again")]
      : []),
    ...unseen.map((phrase) => reason("cannot-tell", "unseen", `not recorded: ${phrase}`)),
  ];
}

function gapWords({ kind, what, count, last }: Gap): string {
  const more = what === "" ? "" : ` (${what})`;
  return `${count} ${gapKinds[kind]}${more}, last ${localTime(last)}`;
}

/** What has not happened yet may need more than what has. */
function lifeReasons(life: DailyLife | null): readonly Reason[] {
  if (life === null) return [];
  return [
    lifeReason("reloads", "reloaded by systemctl", life.reloads),
    lifeReason("rotations", "logs rotated", life.rotations),
    lifeReason("upgrades", "packages upgraded", life.upgrades),
  ];
}

function lifeReason(name: string, what: string, happened: Happened): Reason {
  if (happened.state === "unknown")
    return reason("note", name, `${what}: not known: ${happened.why}`);
  const { count, last } = happened;
  if (count === 0) return reason("note", name, `${what}: not seen since`);
  return reason(
    "ready",
    name,
    `${what}: ${count}${last === null ? "" : `, last ${localTime(last)}`}`,
  );
}
