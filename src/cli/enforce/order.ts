import { type ShownChange, shownChanges } from "../../host/agent-answers.ts";
import { HostError } from "../../host/host-error.ts";
import { startAnewMeanwhile, systemctl } from "../../host/units/systemctl.ts";
import type { Level } from "../../model/policy.ts";
import type { Context } from "../command.ts";
import { ask } from "../commands/domain/ask.ts";

/** By the agent. `seconds`: then the level before counts again. @throws HostError */
export async function giveLevel(
  context: Context,
  domain: string,
  level: Level,
  seconds?: number,
): Promise<ShownChange> {
  const body = seconds === undefined ? { level } : { level, seconds };
  const { changes } = await ask(context, shownChanges, "PUT", `/domains/${domain}/level`, body);
  const [change] = changes;
  if (change !== undefined) return change;
  throw new HostError(`the agent changed nothing of ${domain}`, "cofferdam domain list shows it");
}

/** null if it worked, else why not. `failed`: the units may be held back by failures. */
export async function restartUnits(
  units: readonly string[],
  failed = false,
): Promise<string | null> {
  try {
    if (failed) systemctl("reset-failed", "--", ...units);
    return await startAnewMeanwhile(units);
  } catch (error) {
    // The start takes too long, or the signal that ends the watch has ended systemctl, too.
    if (error instanceof HostError) return error.message;
    throw error;
  }
}
