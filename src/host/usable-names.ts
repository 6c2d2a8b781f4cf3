import type { CanonicalNames } from "../compile/canonical-names.ts";
import type { CompileProblem } from "../compile/problem.ts";
import { diagnose } from "../diagnostics/diagnose.ts";
import { startOf } from "../diagnostics/diagnostic.ts";
import { HostError } from "./host-error.ts";

/**
 * Names of a domain's policy on this host.
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
