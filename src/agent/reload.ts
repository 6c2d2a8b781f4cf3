import { policyDigest } from "../domains/identity.ts";
import { listRuns } from "../domains/runs.ts";
import type { ReloadOutcome } from "../host/agent-answers.ts";
import { lookAgain } from "../host/load.ts";
import type { Places } from "../host/places.ts";
import type { DomainTable } from "./domain-table.ts";
import type { DomainEntry } from "./entry.ts";
import type { LivePlans, PreparedPlan } from "./live-plans.ts";
import { type ReadPolicy, readPolicy } from "./read-policies.ts";
import { follows, needsRestart, runsOf } from "./runs.ts";

/** Times that a policy which changes meanwhile is read; then what was in force stays. */
const READS_MAX = 5;

/**
 * Brings what is in force up to the files. `names` null: of all domains. When an agent starts
 * everything is new, and only running domains need compiling.
 */
export async function reload(
  places: Places,
  table: DomainTable,
  plans: LivePlans,
  names: readonly string[] | null,
): Promise<readonly ReloadOutcome[]> {
  const outcomes = new Map<string, ReloadOutcome>();
  let { found, outdated } = await reloadOnce(places, table, plans, names, false);
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
 * `isAgain`: this is the second try for them.
 */
async function reloadOnce(
  places: Places,
  table: DomainTable,
  plans: LivePlans,
  names: readonly string[] | null,
  isAgain: boolean,
): Promise<{ readonly found: readonly ReloadOutcome[]; readonly outdated: readonly string[] }> {
  // An instance is here as long as it runs: its template's file tells nothing about that.
  const here = new Set(table.names());
  const wanted = names ?? [...new Set([...here, ...table.entries.map(({ name }) => name)])];
  const before = new Map(wanted.map((name) => [name, table.get(name)]));
  const read = new Map<string, ReadPolicy>();
  const ready = new Map<string, PreparedPlan>();
  const look = lookAgain(places);
  try {
    for (const name of wanted) {
      const entry = before.get(name) ?? null;
      if (!isAgain && here.has(name) && entry?.basis != null && look.holds(entry.basis)) {
        read.set(name, { state: "same" });
        continue;
      }
      // Reading many takes a while, in which others are to be answered.
      await new Promise(setImmediate);
      const found: ReadPolicy = here.has(name) ? readPolicy(places, name) : { state: "gone" };
      const one =
        entry === null && names === null
          ? { read: found, plan: null }
          : await judged(found, { name, entry, isAgain }, places, plans);
      read.set(name, one.read);
      if (one.plan !== null) ready.set(name, plans.prepare(one.plan));
    }
    table.accept(read, names === null);
  } catch (error) {
    for (const { file } of ready.values()) file.discard();
    throw error;
  }
  const outdated: string[] = [];
  const outcomes = wanted.map((name) => {
    const entry = table.get(name);
    const plan = ready.get(name);
    if (entry === null) plan?.file.discard();
    else if (plan !== undefined && !plans.put(entry, plan)) outdated.push(name);
    const state = read.get(name) ?? { state: "gone" };
    return outcomeOf(places, name, before.get(name) ?? null, entry, state);
  });
  return { found: outcomes, outdated };
}

interface Asked {
  readonly name: string;
  /** Before the reload. */
  readonly entry: DomainEntry | null;
  readonly isAgain: boolean;
}

/**
 * A changed policy that running processes are to follow must be one that this host can hold; else
 * it is bad, and nothing of it counts. An instance is asked about before its start was noticed,
 * too: its file may have changed since, and whoever asks relies on the answer.
 */
async function judged(
  read: ReadPolicy,
  { name, entry: before, isAgain }: Asked,
  places: Places,
  plans: LivePlans,
) {
  const isSame = (digest: string) => !isAgain && before?.digest === digest;
  if (read.state !== "good" || isSame(policyDigest(read.policy))) return { read, plan: null };
  const followed = listRuns(places.system.runs).some(
    (run) =>
      run.domain === name && (before === null || run.number === before.number) && follows(run),
  );
  if (before === null && !followed) return { read, plan: null };
  const compiled = await plans.compile(name);
  if (compiled.state === "bad")
    return {
      read: { state: "bad", problems: compiled.problems, file: read.file } as const,
      plan: null,
    };
  return { read, plan: followed ? compiled.plan : null };
}

function outcomeOf(
  places: Places,
  name: string,
  before: DomainEntry | null,
  entry: DomainEntry | null,
  read: ReadPolicy,
): ReloadOutcome {
  const nobody = {
    name,
    number: entry?.number ?? before?.number ?? null,
    following: 0,
    restart: [],
  };
  if (read.state === "bad") return { ...nobody, outcome: "bad", problems: read.problems };
  if (entry === null) return { ...nobody, outcome: "gone", problems: null };
  if (before?.digest === entry.digest && before.number === entry.number)
    return { ...nobody, outcome: "unchanged", problems: null };
  const runs = runsOf(places.system.runs, name, entry.number);
  return {
    ...nobody,
    outcome: before === null ? "new" : "changed",
    problems: null,
    following: runs.filter(follows).length,
    restart:
      before === null
        ? []
        : runs.filter((run) => !follows(run)).map((run) => needsRestart(run, entry.policy)),
  };
}
