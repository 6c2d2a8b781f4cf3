import type { DriftEntry } from "../../compile/drift.ts";

/** One ready plan and how the host has moved away from it. */
export function renderDrift(file: string, entries: readonly DriftEntry[]): string {
  if (entries.length === 0) return `${file}\n  nothing drifted\n`;
  return [file, ...entries.map((entry) => `  ${sentence(entry)}`), ""].join("\n");
}

function sentence(entry: DriftEntry): string {
  switch (entry.kind) {
    case "replaced":
      return `${entry.path} was replaced: daemons started before that are refused the new file until a restart`;
    case "gone":
      return `${entry.path} is gone`;
    case "moved":
      return `${entry.written} leads to ${entry.now ?? "nothing"} now, and led to ${entry.planned}`;
  }
}
