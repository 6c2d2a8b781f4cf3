import type { Automaton } from "../model/automaton/automaton.ts";
import { buildAutomaton, UnreadablePattern } from "../model/automaton/build.ts";
import { AutomatonTooLarge } from "../model/automaton/too-large.ts";
import { isCanonicalName } from "../model/canonical-name.ts";
import { type Canonicalised, canonicalise } from "../model/canonicalise.ts";
import { ownRules } from "../model/own-objects.ts";
import { Permission } from "../model/permission.ts";
import type { Policy } from "../model/policy.ts";
import { type SealedView, sealedView } from "../model/sealed-view.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { type CompileProblem, problem } from "./problem.ts";
import type { BrokeredNames } from "./seccomp/filter-context.ts";

/** A policy's names on one host: canonical, with Cofferdam's own places taken away. */
export interface SealedNames {
  readonly policy: Policy;
  readonly automaton: Automaton;
  readonly view: SealedView;
  readonly brokered: BrokeredNames;
  readonly resolved: Canonicalised["resolved"];
  /** Grants that stay as written because a link in them was not followed. */
  readonly unfollowed: Canonicalised["unfollowed"];
}

/** `own`: absolute names of Cofferdam's places, `kept` what it may only read; it is denied what `ownRules` says of them. */
export function sealedNames(
  written: Policy,
  snapshot: Snapshot,
  own: readonly string[],
  kept: readonly string[],
): SealedNames | { readonly problems: readonly CompileProblem[] } {
  const noName = [...own, ...kept].find((path) => !path.startsWith("/") || path === "/" || !isCanonicalName(path));
  if (noName !== undefined) return { problems: [problem("own-place", { path: noName })] };
  try {
    const denied = ownRules(own, kept);
    const { rules, resolved, unfollowed } = canonicalise([...written.names, ...denied], snapshot);
    const policy = { ...written, names: rules };
    const view = sealedView(policy, snapshot);
    const [wide] = view.tooWide;
    if (wide !== undefined) {
      const cause = wide.rules.map(({ source }) => source.text).join(", ");
      return { problems: [problem("too-many-names", { why: `too many names below ${wide.path} (${cause})` })] };
    }
    return { policy, automaton: buildAutomaton(rules), view, brokered: brokeredNames(view), resolved, unfollowed };
  } catch (error) {
    if (!(error instanceof AutomatonTooLarge || error instanceof UnreadablePattern)) throw error;
    return { problems: [problem("too-many-names", { why: error.message })] };
  }
}

function brokeredNames({ brokered, directories }: SealedView): BrokeredNames {
  const some = (bit: number) => brokered.some(({ permissions }) => (permissions & bit) !== 0);
  return {
    creates: some(Permission.create),
    deletes: some(Permission.delete),
    moves: directories.some(({ rights, refer }) => (rights & (Permission.create | Permission.delete)) !== 0 && !refer),
    links: directories.some(({ rights }) => (rights & Permission.create) !== 0),
  };
}
