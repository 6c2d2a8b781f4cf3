import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import type { StaleDomains, StaleRun } from "../../host/stale-domains.ts";

/** Paths of one kind that are shown of a run; `--json` has all. */
const SHOWN_MAX = 5;
const INDENT = "    ";

/** What to restart, and why, for people. */
export function renderStale({ runs, plans }: StaleDomains, width: number): string {
  if (runs.length + plans.length === 0) return "nothing is stale\n";
  const restarts = [...new Set(runs.map(({ domain }) => domain))].map(
    (domain) => `restart: cofferdam domain restart ${printable(domain)}\n`,
  );
  const made = plans.map((name) => `${printable(name)}: the next start makes its plan anew\n`);
  return [...runs.map((run) => renderRun(run, width)), ...restarts, ...made].join("");
}

function renderRun(run: StaleRun, width: number): string {
  const line = (what: string, paths: readonly string[]): string =>
    paths.length === 0 ? "" : `${wrap(`  ${what}: ${listed(paths)}`, width, INDENT)}\n`;
  return [
    `${printable(run.domain)}, process ${run.pid}\n`,
    line("executes replaced or removed files", run.replacedCode),
    line("was granted files that were replaced; the new ones are refused", run.outOfReach),
    line("keeps the policy of its start; changed since", run.changedPolicy),
  ].join("");
}

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, SHOWN_MAX).map((path) => printable(path));
  const more = paths.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
