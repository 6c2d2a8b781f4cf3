import { policyDigest, tagOfDigest } from "../domains/identity.ts";
import { follows, keepsEarlierPolicy, listRuns, type Run } from "../domains/runs.ts";
import type { ReloadOutcome } from "../host/agent-answers.ts";
import { lookAgain } from "../host/load.ts";
import type { Places } from "../host/places.ts";
import type { DomainTable } from "./domain-table.ts";
import type { DomainEntry } from "./entry.ts";
import { notFollowed } from "./fixed-words.ts";
import type { LivePlans, PreparedPlan } from "./live-plans.ts";
import { type ReadPolicy, readPolicy } from "./read-policies.ts";
import { needsRestart } from "./runs.ts";

/** Limit on readings of a policy that keeps changing; then the policy in force stays. */
const READS_MAX = 5;

/**
 * Puts the files' present policies into force. `names` null: of all domains. When an agent starts
 * everything is new, and only running domains need compiling. `isRenewed`: running processes get
 * the policy anew even if it means the same, because its rules may end at other times.
 */
export async function reload(
  places: Places,
  table: DomainTable,
  plans: LivePlans,
  names: readonly string[] | null,
  isRenewed = false,
): Promise<readonly ReloadOutcome[]> {
  const outcomes = new Map<string, ReloadOutcome>();
  let { found, outdated } = await reloadOnce(places, table, plans, names, isRenewed);
  for (let reads = 1; ; reads++) {
    for (const outcome of found)
      if (reads === 1 || outcome.outcome !== "unchanged") outcomes.set(outcome.name, outcome);
    if (outdated.length === 0 || reads === READS_MAX) break;
    ({ found, outdated } = await reloadOnce(places, table, plans, outdated, true));
  }
  for (const name of outdated) {
    const outcome = outcomes.get(name);
    const problems = "it changed each time that it was read: reload it again\n";
    if (outcome !== undefined) outcomes.set(name, { ...outcome, outcome: "bad", problems });
  }
  return [...outcomes.values()].sort((a, b) => (a.number ?? 0) - (b.number ?? 0));
}

/**
 * `outdated`: domains whose policy changed after it was read, so that nothing was put into force.
 * `isAgain`: whatever they mean, running processes have not got them.
 */
async function reloadOnce(
  places: Places,
  table: DomainTable,
  plans: LivePlans,
  names: readonly string[] | null,
  isAgain: boolean,
): Promise<{ readonly found: readonly ReloadOutcome[]; readonly outdated: readonly string[] }> {
  // An instance exists as long as it runs: its template's file does not show that.
  const here = new Set(table.names());
  const wanted = names ?? [...new Set([...here, ...table.entries.map(({ name }) => name)])];
  const before = new Map(wanted.map((name) => [name, table.get(name)]));
  const read = new Map<string, ReadPolicy>();
  const ready = new Map<string, PreparedPlan>();
  const absent = new Map<string, readonly string[]>();
  const look = lookAgain(places);
  try {
    for (const name of wanted) {
      const entry = before.get(name) ?? null;
      if (!isAgain && here.has(name) && entry?.basis != null && look.holds(entry.basis)) {
        read.set(name, { state: "same" });
        continue;
      }
      // Reading many takes a while, in which other requests must be answered.
      await new Promise(setImmediate);
      const found: ReadPolicy = here.has(name) ? readPolicy(places, name) : { state: "gone" };
      const one =
        entry === null && names === null
          ? { read: found, plan: null, absent: [] }
          : await judged(found, { name, entry, isAgain }, places, plans);
      read.set(name, one.read);
      absent.set(name, one.absent);
      if (one.plan !== null) ready.set(name, plans.prepare(one.plan));
    }
    table.accept(read, names === null);
  } catch (error) {
    for (const { file } of ready.values()) file.discard();
    throw error;
  }
  const outdated = [...ready].flatMap(([name, plan]) => {
    const entry = table.get(name);
    if (entry === null) plan.file.discard();
    return entry === null || plans.put(entry, plan) ? [] : [name];
  });
  const runs = listRuns(places.system.runs);
  const found = wanted.map((name) => {
    const state = read.get(name) ?? { state: "gone" };
    const outcome = outcomeOf(name, before.get(name) ?? null, table.get(name), state, runs);
    return { ...outcome, absent: absent.get(name) ?? [] };
  });
  return { found, outdated };
}

interface Asked {
  readonly name: string;
  /** Before the reload. */
  readonly entry: DomainEntry | null;
  readonly isAgain: boolean;
}

/**
 * This host must be able to enforce a changed policy that running processes are to follow.
 * Otherwise the policy is bad, and nothing of it takes effect. An instance is checked even if its
 * start was not noticed yet: its file may have changed since, and the caller relies on the answer.
 * Where nothing runs in the domain, the package that brings its accounts may be yet to come: the
 * policy is taken, and `absent` says what it cannot start without.
 */
async function judged(
  read: ReadPolicy,
  { name, entry: before, isAgain }: Asked,
  places: Places,
  plans: LivePlans,
) {
  const isSame = (digest: string) => !isAgain && before?.digest === digest;
  const taken = { read, plan: null, absent: [] };
  if (read.state !== "good" || isSame(policyDigest(read.policy))) return taken;
  const runs = listRuns(places.system.runs).filter(({ domain }) => domain === name);
  const followed = runs.some(
    (run) => (before === null || run.number === before.number) && follows(run),
  );
  if (before === null && !followed) return taken;
  const compiled = await plans.compile(name);
  if (compiled.state === "good") return { ...taken, plan: followed ? compiled.plan : null };
  const { problems, absent } = compiled;
  if (runs.length === 0 && absent.length > 0) return { ...taken, absent };
  return { ...taken, read: { state: "bad", problems, file: read.file } as const };
}

function outcomeOf(
  name: string,
  before: DomainEntry | null,
  entry: DomainEntry | null,
  read: ReadPolicy,
  allRuns: readonly Run[],
): ReloadOutcome {
  const unfollowed = {
    name,
    number: entry?.number ?? before?.number ?? null,
    absent: [],
    following: 0,
    notFollowed: [],
    restart: [],
  };
  if (read.state === "bad") return { ...unfollowed, outcome: "bad", problems: read.problems };
  if (entry === null) return { ...unfollowed, outcome: "gone", problems: null };
  const runs = allRuns.filter(({ domain, number }) => domain === name && number === entry.number);
  const outcome = changeOf(before, entry);
  const tag = entry.digest === null ? null : tagOfDigest(entry.digest);
  const followers = outcome === "unchanged" ? [] : runs.filter(follows);
  const startedBefore = followers.filter((run) => run.policy === null || run.policy !== tag);
  return {
    ...unfollowed,
    outcome,
    problems: null,
    following: followers.length,
    notFollowed: notFollowedBy(before, entry, startedBefore),
    restart: runs
      .filter((run) => keepsEarlierPolicy(run, () => tag) ?? outcome === "changed")
      .map((run) => needsRestart(run, entry.policy)),
  };
}

/** Nothing is known of a policy that was not in force before. */
function notFollowedBy(
  before: DomainEntry | null,
  entry: DomainEntry,
  runs: readonly Run[],
): readonly string[] {
  const [was, is] = [before?.policy?.fixed, entry.policy?.fixed];
  if (was === undefined || is === undefined || runs.length === 0) return [];
  return notFollowed(
    was,
    is,
    runs.some(({ level }) => level === "enforcing"),
  );
}

function changeOf(before: DomainEntry | null, entry: DomainEntry) {
  if (before === null) return "new";
  return before.digest === entry.digest && before.number === entry.number ? "unchanged" : "changed";
}
