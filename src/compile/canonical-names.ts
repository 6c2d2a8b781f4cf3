import type { Automaton } from "../model/automaton/automaton.ts";
import { buildAutomaton, UnreadablePattern } from "../model/automaton/build.ts";
import { AutomatonTooLarge } from "../model/automaton/too-large.ts";
import { isCanonicalName } from "../model/canonical-name.ts";
import { type Canonicalised, canonicalise } from "../model/canonicalise.ts";
import { hostSwitchRules } from "../model/host-switches.ts";
import { ownRules } from "../model/own-objects.ts";
import type { Policy } from "../model/policy.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { type CompileProblem, problem } from "./problem.ts";

/**
 * A policy's names on one host: canonical, without Cofferdam's own places and the host's switches.
 */
export interface CanonicalNames {
  readonly policy: Policy;
  readonly automaton: Automaton;
  readonly resolved: Canonicalised["resolved"];
  /** Grants that stay as written because a link in them was not followed. */
  readonly unfollowed: Canonicalised["unfollowed"];
  readonly followed: Canonicalised["followed"];
}

type Problems = { readonly problems: readonly CompileProblem[] };

/**
 * `own`: absolute names of Cofferdam's places. `kept`: names that the domain may only read.
 * `ownRules` denies the rest.
 */
export function canonicalNames(
  written: Policy,
  snapshot: Snapshot,
  own: readonly string[],
  kept: readonly string[],
): CanonicalNames | Problems {
  const noName = [...own, ...kept].find(
    (path) => !path.startsWith("/") || path === "/" || !isCanonicalName(path),
  );
  if (noName !== undefined) return { problems: [problem("own-place", { path: noName })] };
  return unlessTooLarge(() => {
    const canonical = canonicalise([...written.names, ...ownRules(own, kept)], snapshot);
    const { resolved, unfollowed, followed } = canonical;
    const rules = [...canonical.rules, ...hostSwitchRules(canonical.rules)];
    return {
      policy: { ...written, names: rules },
      automaton: buildAutomaton(rules),
      resolved,
      unfollowed,
      followed,
    };
  });
}

/** Refuses a policy about too many names, with the message of the code that makes them. */
export function unlessTooLarge<T>(make: () => T): T | Problems {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof AutomatonTooLarge || error instanceof UnreadablePattern)) throw error;
    return { problems: [problem("too-many-names", { why: error.message })] };
  }
}
