import { prepareCgroup } from "../compile/cgroup/prepare.ts";
import { compile, type PrepareCgroup } from "../compile/compile.ts";
import { hasError } from "../diagnostics/diagnostic.ts";
import type { Plan } from "../plan/plan.ts";
import { checkErrors } from "../policy/3-check/check.ts";
import { CommandError, type Context, type Options } from "./command.ts";
import { complain } from "./complain.ts";
import { checkContext, hostNow, programFiles } from "./host.ts";
import { load, type Wanted } from "./load.ts";

/** Whether the cgroup that carries the domain's programs is made, or only reckoned with. */
export type Effect = "prepare" | "look";

/** Says where the programs would be, and touches nothing: for plans that are only shown. */
const lookOnly: PrepareCgroup = (_policy, _automaton, { domain, cgroup2 }) =>
  Promise.resolve({ anchor: `${cgroup2}/cofferdam/${domain}`, programs: [] });

/**
 * From a domain's name or file to its plan on this host. What keeps it from one goes to standard error, with what the
 * compiler has to say beside that; warnings about the policy's text are for `check`.
 * @throws CommandError without a plan
 */
export async function compileDomain(context: Context, wanted: Wanted, options: Options, effect: Effect): Promise<Plan> {
  const { policy, diagnostics, sources, files, absent } = load(context, wanted, options);
  const file = files[0] === undefined ? {} : { file: files[0] };
  const host = policy === null ? null : hostNow();
  const onHost =
    policy === null || host === null
      ? []
      : checkErrors(policy, {
          ...checkContext(context, host, policy.transitions.length > 0),
          ...{ ...file, kept: [...files, ...context.places.kept] },
        });
  const errors = [...diagnostics.filter((diagnostic) => hasError([diagnostic])), ...onHost];
  const compiled =
    policy !== null && host !== null && errors.length === 0
      ? await compile(policy, {
          ...{
            ...host,
            files,
            absent,
            own: context.places.own,
            kept: context.places.kept,
          },
          program: programFiles(context),
          prepareCgroup: effect === "prepare" ? prepareCgroup : lookOnly,
        })
      : { plan: null, diagnostics: [] };
  complain(context, [...errors, ...compiled.diagnostics], sources, options);
  if (compiled.plan !== null) return compiled.plan;
  throw new CommandError("there is no plan for this domain on this host", "mend what is shown above, then try again");
}
