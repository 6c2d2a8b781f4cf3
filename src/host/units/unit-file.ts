/** One `Key=value` of a unit file. */
export interface Assignment {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/**
 * In order (systemd.syntax(7); config_parse(), src/shared/conf-parser.c). A backslash at the end of
 * a line continues it, and stands for a blank; comments between such lines are skipped.
 */
export function parseUnitFile(text: string): readonly Assignment[] {
  const assignments: Assignment[] = [];
  let section = "";
  let begun = "";
  for (const line of text.replace(/^\ufeff/, "").split("\n")) {
    if (/^[ \t]*[#;]/.test(line)) continue;
    if (continues(line)) {
      begun += `${line.slice(0, -1)} `;
      continue;
    }
    const whole = (begun + line).trim();
    begun = "";
    const header = /^\[(.*)\]$/.exec(whole)?.[1];
    const at = whole.indexOf("=");
    if (header !== undefined) section = header;
    else if (at > 0)
      assignments.push({
        section,
        key: whole.slice(0, at).trimEnd(),
        value: whole.slice(at + 1).trimStart(),
      });
  }
  return assignments;
}

/** An even number of backslashes at the end are escaped ones. */
function continues(line: string): boolean {
  return (/\\*$/.exec(line)?.[0].length ?? 0) % 2 === 1;
}

/** In the order in which systemd starts them. */
export const execKeys = [
  "ExecCondition",
  "ExecStartPre",
  "ExecStart",
  "ExecStartPost",
  "ExecReload",
  "ExecReloadPost",
  "ExecStop",
  "ExecStopPost",
] as const;
export type ExecKey = (typeof execKeys)[number];

/**
 * The words of SupplementaryGroups=; specifiers are not expanded. An empty line resets the list.
 */
export function groupWords(assignments: readonly Assignment[]): readonly string[] {
  const values = assignments
    .filter(({ section, key }) => section === "Service" && key === "SupplementaryGroups")
    .map(({ value }) => value.split(/\s+/).filter((word) => word !== ""));
  return values.slice(values.findLastIndex((words) => words.length === 0) + 1).flat();
}

/** An empty line resets the list. */
export function execLines(
  assignments: readonly Assignment[],
): ReadonlyMap<ExecKey, readonly string[]> {
  const lines = new Map<ExecKey, string[]>();
  for (const { section, key, value } of assignments) {
    const known = execKeys.find((one) => one === key);
    if (section !== "Service" || known === undefined) continue;
    lines.set(known, value === "" ? [] : [...(lines.get(known) ?? []), value]);
  }
  return lines;
}
