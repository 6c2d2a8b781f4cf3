import { type CanonicalNames, canonicalNames } from "../compile/canonical-names.ts";
import { hostSnapshot } from "../compile/host-snapshot.ts";
import type { CompileProblem } from "../compile/problem.ts";
import { diagnose } from "../diagnostics/diagnose.ts";
import { startOf } from "../diagnostics/diagnostic.ts";
import type { Policy } from "../model/policy.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { HostError } from "./host-error.ts";
import type { Places } from "./places.ts";

/** `files`: those that the policy was read from. */
export interface Written {
  readonly policy: Policy;
  readonly files: readonly string[];
}

/** As the mediator judges: names without links, and Cofferdam's own places denied. */
export function namesOnHost(
  places: Places,
  { policy, files }: Written,
  snapshot: Snapshot = hostSnapshot(),
): ReturnType<typeof canonicalNames> {
  return canonicalNames(policy, snapshot, places.own, [...files, ...places.kept]);
}

/**
 * @param before begins the message
 * @throws HostError for names that this host cannot hold
 */
export function usableNames<T extends CanonicalNames>(
  domain: string,
  names: T | { readonly problems: readonly CompileProblem[] },
  before = "",
): T {
  if (!("problems" in names)) return names;
  const place = startOf(domain);
  const diagnostics = names.problems.map(({ name, values }) =>
    diagnose(name, place, values as never),
  );
  const messages = diagnostics.map(({ message }) => message).join("; ");
  throw new HostError(`${before}${messages}`, diagnostics[0]?.help ?? "");
}
