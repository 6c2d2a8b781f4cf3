import { type CompileRequest, compileDomain as compileOnHost } from "../host/compile-domain.ts";
import type { Wanted } from "../host/load.ts";
import type { Plan } from "../plan/plan.ts";
import { CommandError, type Context, type Options } from "./command.ts";
import { complain } from "./complain.ts";
import { settings, wantedLevel } from "./wanted.ts";

/**
 * Compiles a plan for a domain's name or file on this host. Writes the diagnostics to standard
 * error. `how`: see {@link CompileRequest}.
 * @throws CommandError if there is no plan
 */
export async function compileDomain(
  context: Context,
  wanted: Wanted,
  options: Options,
  how: Pick<CompileRequest, "effect" | "root" | "groups">,
): Promise<Plan> {
  const level = wantedLevel(options);
  const request = {
    ...{ ...how, set: settings(options) },
    ...(level === null ? {} : { level }),
  };
  const { plan, diagnostics, sources } = await compileOnHost(context.places, wanted, request);
  complain(context, diagnostics, sources, options);
  if (plan !== null) return plan;
  throw new CommandError(
    "there is no plan for this domain on this host",
    "fix the problems shown above, then try again",
  );
}
