import type { ShownDetails } from "../../host/agent-answers.ts";
import type { Context, Options } from "../command.ts";
import { leastSeconds } from "../commands/ready.ts";
import { lookAt, unitsOf } from "../ready/look.ts";
import { judge, type Readiness } from "../ready/reasons.ts";

export interface Judged {
  readonly readiness: Readiness;
  /** That could be restarted. */
  readonly units: readonly string[];
  /** The domain is at warning until someone orders another level. */
  readonly isSettled: boolean;
}

/** What is to be enforced. @throws HostError without an agent */
export async function judgedNow(
  context: Context,
  details: ShownDetails,
  options: Options,
): Promise<Judged> {
  const looked = await lookAt(context, details, leastSeconds(options));
  return {
    ...{ readiness: judge(looked), units: unitsOf(details.units) },
    isSettled: looked.until === null && looked.level === "warning",
  };
}
