import type { DomainTable } from "./domain-table.ts";
import type { LivePlans } from "./live-plans.ts";
import type { Running } from "./runs-watch.ts";

/**
 * Processes that outlived the last agent may have missed a change of their policy. If no process
 * follows, starts use only their own plans.
 */
export async function refreshPlans(
  table: DomainTable,
  plans: LivePlans,
  running: Running,
  log: (text: string) => void,
): Promise<void> {
  withdrawPlans(table, plans, running);
  for (const { name, number } of table.entries.filter((entry) =>
    running.followed(entry.name, entry.number),
  )) {
    const compiled = await plans.compile(name);
    // A policy that changed meanwhile takes effect when it is reloaded.
    if (compiled.state === "good") plans.put({ name, number }, plans.prepare(compiled.plan));
    else
      log(
        `the policy of ${name} cannot be put into force: what was still is\n${compiled.problems}`,
      );
  }
}

/** Call after the last process that follows has ended. */
export function withdrawPlans(table: DomainTable, plans: LivePlans, running: Running): void {
  for (const { name, number } of table.entries)
    if (!running.followed(name, number)) plans.withdraw({ name, number });
}
