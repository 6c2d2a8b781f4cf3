import { hasError } from "../diagnostics/diagnostic.ts";
import type { Policy } from "../model/policy.ts";
import { CommandError, type Context, type Options } from "./command.ts";
import { complain } from "./complain.ts";
import { loadWanted, wantedDomain } from "./wanted.ts";

export interface RequiredPolicy {
  readonly policy: Policy;
  /** Absolute names of the files that make it up, the domain's own first. */
  readonly files: readonly string[];
}

/**
 * The policy that a command is about. Its errors go to standard error; warnings are for `check`.
 * @throws CommandError with errors
 */
export function requirePolicy(
  context: Context,
  domain: string | undefined,
  options: Options,
): RequiredPolicy {
  const { policy, diagnostics, sources, files } = loadWanted(
    context,
    wantedDomain(domain, options),
    options,
  );
  if (policy !== null) return { policy, files };
  const errors = diagnostics.filter((diagnostic) => hasError([diagnostic]));
  complain(context, errors, sources, options);
  throw new CommandError("the policy cannot be used", "mend what is shown above, then try again");
}
