import { compileDomain as compileOnHost, type Effect } from "../host/compile-domain.ts";
import type { Wanted } from "../host/load.ts";
import type { Plan } from "../plan/plan.ts";
import { CommandError, type Context, type Options } from "./command.ts";
import { complain } from "./complain.ts";
import { settings, wantedLevel } from "./wanted.ts";

/**
 * From a domain's name or file to its plan on this host. What keeps it from one goes to standard
 * error, with what the compiler has to say beside that.
 * @throws CommandError without a plan
 */
export async function compileDomain(
  context: Context,
  wanted: Wanted,
  options: Options,
  effect: Effect,
): Promise<Plan> {
  const level = wantedLevel(options);
  const request = { set: settings(options), effect, ...(level === null ? {} : { level }) };
  const { plan, diagnostics, sources } = await compileOnHost(context.places, wanted, request);
  complain(context, diagnostics, sources, options);
  if (plan !== null) return plan;
  throw new CommandError(
    "there is no plan for this domain on this host",
    "mend what is shown above, then try again",
  );
}
