import { hasError } from "../diagnostics/diagnostic.ts";
import { load, type Wanted } from "../host/load.ts";
import type { Policy } from "../model/policy.ts";
import type { LoadedPolicy } from "../policy/load.ts";
import { CommandError, type Context, type Options } from "./command.ts";
import { complain } from "./complain.ts";
import { loadWanted, settings, wantedDomain } from "./wanted.ts";

export interface RequiredPolicy {
  readonly policy: Policy;
  /** Absolute names of its files, the domain's own first. */
  readonly files: readonly string[];
  /** What another text of its own file would be. */
  readonly load: (text: string) => LoadedPolicy;
}

/**
 * The policy that a command is about. Errors go to standard error; `check` shows warnings.
 * @throws CommandError if it has errors
 */
export function requirePolicy(
  context: Context,
  domain: string | undefined,
  options: Options,
): RequiredPolicy {
  return requireWanted(context, wantedDomain(domain, options), options);
}

/** The same, if the command finds its policies by other words. */
export function requireWanted(context: Context, wanted: Wanted, options: Options): RequiredPolicy {
  const { policy, diagnostics, sources, files } = loadWanted(context, wanted, options);
  if (policy !== null)
    return {
      policy,
      files,
      load: (text) => load(context.places, wanted, settings(options), { text }),
    };
  const errors = diagnostics.filter((diagnostic) => hasError([diagnostic]));
  complain(context, errors, sources, options);
  throw new CommandError(
    "the policy cannot be used",
    "fix the problems shown above, then try again",
  );
}
