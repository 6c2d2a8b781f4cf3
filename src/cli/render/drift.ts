import type { DriftEntry } from "../../compile/drift.ts";

/** One ready plan, and what has changed on the host since. */
export function renderDrift(file: string, entries: readonly DriftEntry[]): string {
  if (entries.length === 0) return `${file}\n  nothing drifted\n`;
  return [file, ...entries.map((entry) => `  ${sentence(entry)}`), ""].join("\n");
}

function sentence(entry: DriftEntry): string {
  switch (entry.kind) {
    case "replaced":
      return (
        `${entry.path} was replaced: daemons that started earlier cannot use the new file ` +
        "until a restart"
      );
    case "gone":
      return `${entry.path} is gone`;
    case "moved":
      return `${entry.written} now leads to ${entry.now ?? "nothing"} instead of ${entry.planned}`;
  }
}
