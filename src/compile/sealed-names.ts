import type { BrokeredNames } from "../kernel/system-calls/sealed-context.ts";
import { Permission } from "../model/permission.ts";
import { areBrokered, type Policy } from "../model/policy.ts";
import { type SealedView, sealedView } from "../model/sealed-view.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { type CanonicalNames, canonicalNames, unlessTooLarge } from "./canonical-names.ts";
import { type CompileProblem, problem } from "./problem.ts";

export interface SealedNames extends CanonicalNames {
  readonly view: SealedView;
  readonly brokered: BrokeredNames;
}

export function sealedNames(
  written: Policy,
  snapshot: Snapshot,
  own: readonly string[],
  kept: readonly string[],
): SealedNames | { readonly problems: readonly CompileProblem[] } {
  const names = canonicalNames(written, snapshot, own, kept);
  if ("problems" in names) return names;
  const { policy } = names;
  const view = unlessTooLarge(() => sealedView(policy, snapshot));
  if ("problems" in view) return view;
  const [wide] = view.tooWide;
  if (wide === undefined) return { ...names, view, brokered: brokeredNames(view, policy) };
  const cause = wide.rules.map(({ source }) => source.text).join(", ");
  return {
    problems: [problem("too-many-names", { why: `too many names below ${wide.path} (${cause})` })],
  };
}

/**
 * Where late names are brokered, the directory of a rule may be replaced, and then the layer makes
 * and removes no names in the new one.
 */
function brokeredNames({ brokered, directories }: SealedView, policy: Policy): BrokeredNames {
  const replaceable = areBrokered(policy.lateNames) ? directories : [];
  const some = (bit: number) =>
    brokered.some(({ permissions }) => (permissions & bit) !== 0) ||
    replaceable.some(({ rights }) => (rights & bit) !== 0);
  return {
    creates: some(Permission.create),
    deletes: some(Permission.delete),
    moves: directories.some(
      ({ rights, refer }) => (rights & (Permission.create | Permission.delete)) !== 0 && !refer,
    ),
    links: directories.some(({ rights }) => (rights & Permission.create) !== 0),
  };
}
