/** One `Key=value` of a unit file. */
export interface Assignment {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/**
 * The assignments of a unit file or a drop-in, in order (systemd.syntax(7); config_parse(),
 * src/shared/conf-parser.c). A backslash at the end of a line goes on in the next, and stands for
 * a blank; comments between such lines are passed over.
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

/** Which lines start programs, in the order in which systemd does. */
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

/** The lines of each, an empty one having taken back those before it. */
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
