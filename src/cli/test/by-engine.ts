import { idOf } from "../../compile/accounts.ts";
import { accountsFor } from "../../compile/policy-accounts.ts";
import type { Policy } from "../../model/policy.ts";
import type { Decision } from "../../model/verdict.ts";
import type { Context } from "../command.ts";
import { type CaseAttempt, caseAttempt, type Prop } from "../probe/case-attempt.ts";
import { type Outcome, outcomeOf } from "../probe/outcome.ts";
import { type Battery, prepareBattery, runBattery, viewFolder } from "../probe/run-battery.ts";
import { openView } from "../probe/view.ts";
import type { RequiredPolicy } from "../require-policy.ts";
import type { JudgedCase } from "./judge-cases.ts";

/** What the engine did with one case, and whether that is what the policy's text says. */
export type TriedCase =
  | { readonly tried: false; readonly why: string }
  | {
      readonly tried: true;
      readonly outcome: Outcome;
      /** Why it differs from the text; null: it agrees; undefined: nothing known explains it. */
      readonly differs: string | null | undefined;
      readonly holds: boolean;
    };

type Ready = Extract<CaseAttempt, { attempt: unknown }> & { readonly at: number };

/**
 * Tries each case in its domain at level enforcing, and at level disabled to tell Cofferdam's
 * refusals from others. Attempts that would change a name run in a view of the host, of its own for
 * each run, since an attempt at one level must not meet what the other one left.
 */
export async function tryCases(
  context: Context,
  required: RequiredPolicy,
  cases: readonly JudgedCase[],
): Promise<readonly TriedCase[]> {
  const { places } = context;
  const tried: TriedCase[] = cases.map(() => ({ tried: false, why: "" }));
  const ready: Ready[] = [];
  for (const [at, { request }] of cases.entries()) {
    const found = caseAttempt(request, required.policy.name, process.pid);
    if ("notTried" in found) tried[at] = { tried: false, why: found.notTried };
    else if (found.needsView && !places.asRoot)
      tried[at] = { tried: false, why: "only root can try it without an effect" };
    else ready.push({ ...found, at });
  }
  const absent = absentAccount(required.policy);
  if (absent !== null) for (const { at } of ready) tried[at] = { tried: false, why: absent };
  if (ready.length === 0 || absent !== null) return tried;
  const battery = prepareBattery(places, required.policy);
  try {
    for (const round of roundsOf(ready)) await tryRound(context, battery, round, cases, tried);
  } finally {
    battery.remove();
  }
  return tried;
}

/** Of what a policy needs of the host's accounts, what is not there; null if all is. */
function absentAccount(policy: Policy): string | null {
  const accounts = accountsFor(policy, {});
  if (accounts === null) return null;
  const lacks = (name: string | null, known: readonly { readonly name: string }[]) =>
    name !== null && idOf(name) === null && !known.some((one) => one.name === name);
  if (lacks(policy.user, accounts.users))
    return `the user \`${policy.user}\` does not exist on this host`;
  if (lacks(policy.group, accounts.groups))
    return `the group \`${policy.group}\` does not exist on this host`;
  return null;
}

/** Attempts that can share a view: no two need a name in different states. */
function roundsOf(ready: readonly Ready[]): readonly (readonly Ready[])[] {
  const rounds: Ready[][] = [];
  for (const one of ready) {
    const fits = (round: readonly Ready[]) =>
      round.every(({ props }) => !props.some((a) => one.props.some((b) => clash(a, b))));
    const round = rounds.find(fits);
    if (round === undefined) rounds.push([one]);
    else round.push(one);
  }
  return rounds;
}

function clash(a: Prop, b: Prop): boolean {
  if (a.path === b.path) return a.is !== b.is || a.changes || b.changes;
  return a.path.startsWith(`${b.path}/`) || b.path.startsWith(`${a.path}/`);
}

async function tryRound(
  context: Context,
  battery: Battery,
  round: readonly Ready[],
  cases: readonly JudgedCase[],
  tried: TriedCase[],
): Promise<void> {
  const props = round.flatMap((one) => one.props);
  const attempts = round.map(({ attempt }) => attempt);
  const lacks = new Map<string, string>();
  const run = async (level: "enforcing" | "disabled") => {
    if (!context.places.asRoot)
      return await runBattery(context.places, battery, level, attempts, context.err);
    const view = await openView(props, viewFolder(context.places, battery));
    try {
      for (const [path, why] of view.lacks) lacks.set(path, why);
      const { inside } = view;
      return await runBattery(context.places, battery, level, attempts, context.err, inside);
    } finally {
      view.close();
    }
  };
  const inside = await run("enforcing");
  const outside = await run("disabled");
  for (const [index, { at, attempt, props }] of round.entries()) {
    const one = cases[at];
    if (one === undefined) continue;
    const lacking = props.map(({ path }) => lacks.get(path)).find((why) => why !== undefined);
    const results = [inside[index] ?? -1, outside[index] ?? -1] as const;
    const outcome = outcomeOf(attempt, ...results, one.policy);
    tried[at] =
      lacking !== undefined || outcome.outcome === "absent"
        ? { tried: false, why: lacking ?? "there is nothing that could be reached" }
        : compared(one, outcome, props);
  }
}

function compared(one: JudgedCase, outcome: Outcome, props: readonly Prop[]): TriedCase {
  const isGranted = outcome.outcome === "possible";
  const isRefused = outcome.by === "Cofferdam";
  const byText = one.policy.outcome;
  const differs = (isGranted && byText === "denied") || (isRefused && byText === "granted");
  // What the view made was there before the domain started: the host's names explain nothing then.
  const sealed = props.length === 0 ? one.sealed : null;
  return {
    ...{ tried: true, outcome },
    differs: differs ? whyDifferent(one.policy, sealed, isGranted) : null,
    holds: one.line.expected === "must-allow" ? !isRefused : !isGranted,
  };
}

/** See docs/sealed-differences.md. */
function whyDifferent(
  text: Decision,
  sealed: Decision | null,
  isGranted: boolean,
): string | undefined {
  if (sealed === null || sealed.outcome === text.outcome) return undefined;
  if (isGranted) return "the kernel's rules of a sealed domain hold more than the text here";
  return sealed.outcome === "denied" && sealed.reason === "late-name"
    ? "a late name: the rules of a sealed domain are those of its start"
    : undefined;
}
