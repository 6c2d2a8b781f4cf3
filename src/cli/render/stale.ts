import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import type { Drift } from "../../host/held-names.ts";
import type { StaleDomains, StaleRun } from "../../host/stale-domains.ts";

/** Paths of one kind shown for a run; `--json` has all. */
const SHOWN_MAX = 5;
const INDENT = "    ";

export function renderStale({ runs, plans, broken }: StaleDomains, width: number): string {
  if (runs.length + plans.length + broken.length === 0) return "nothing is stale\n";
  const failing = new Set(broken.map(({ domain }) => domain));
  const restarts = [...new Set(runs.map(({ domain }) => domain))]
    .filter((domain) => !failing.has(domain))
    .map((domain) => `restart: cofferdam domain restart ${printable(domain)}\n`);
  const made = plans.map((name) => `${printable(name)}: the next start makes its plan anew\n`);
  const mend = broken.map(({ domain, problem, command, units }) => {
    const name = printable(domain);
    const which = units.length === 0 ? name : `${name} (${units.map(printable).join(", ")})`;
    const what = `${which} cannot start: ${printable(problem)}; ${printable(command)}`;
    return `${wrap(what, width, INDENT)}\n`;
  });
  return [...runs.map((run) => renderRun(run, width)), ...restarts, ...made, ...mend].join("");
}

function renderRun(run: StaleRun, width: number): string {
  const line = (what: string, paths: readonly string[]): string =>
    paths.length === 0 ? "" : `${wrap(`  ${what}: ${listed(paths)}`, width, INDENT)}\n`;
  return [
    `${printable(run.domain)}, process ${run.pid}\n`,
    line("executes replaced or removed files", run.replacedCode),
    line("was granted names that reach something else now, or nothing", driftWords(run.outOfReach)),
    run.keepsEarlierPolicy ? "  keeps an earlier policy than its file has\n" : "",
  ].join("");
}

/** `/etc/resolv.conf was replaced`. */
export function driftWords(drift: readonly Drift[]): readonly string[] {
  return drift.map(({ path, kind }) => `${path} ${kindWords[kind]}`);
}

const kindWords: Readonly<Record<Drift["kind"], string>> = {
  replaced: "was replaced",
  gone: "is gone",
  appeared: "was not there at the start",
};

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, SHOWN_MAX).map((path) => printable(path));
  const more = paths.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
