import { printable } from "../base/printable.ts";
import { wrap } from "../base/wrap.ts";
import type { Diagnostic, Severity } from "./diagnostic.ts";
import { excerpt } from "./excerpt.ts";

export interface RenderOptions {
  readonly color: boolean;
  /** Text of the files, by the name in the diagnostics; without it, a diagnostic shows no line. */
  readonly sources: ReadonlyMap<string, string>;
  readonly width?: number;
}

const RENDER_WIDTH = 80;
const sgr: Record<Severity | "bold", string> = {
  error: "31;1",
  warning: "33;1",
  info: "36;1",
  bold: "1",
};

/**
 * All diagnostics as text for people: the place, the message, the line with carets, the help. Ends
 * with a newline unless empty. Control characters of a file never reach the terminal.
 */
export function renderDiagnostics(list: readonly Diagnostic[], options: RenderOptions): string {
  return list.map((diagnostic) => renderDiagnostic(diagnostic, options)).join("\n");
}

function renderDiagnostic(
  diagnostic: Diagnostic,
  { color, sources, width = RENDER_WIDTH }: RenderOptions,
): string {
  const { code, severity, message, help, line, column, length } = diagnostic;
  const paint = (style: Severity | "bold", text: string): string =>
    color ? `\u001b[${sgr[style]}m${text}\u001b[0m` : text;
  const place = `${printable(diagnostic.file)}:${line}:${column}`;
  const head = wrap(`${severity}[${code}]: ${message}`, width, "  ");
  const text = sources.get(diagnostic.file)?.split("\n")[line - 1];
  const shown =
    text === undefined || length === 0 ? [] : excerpt(text, { line, column, length }, width);
  return [
    paint("bold", place),
    head.replace(`${severity}[${code}]`, paint(severity, `${severity}[${code}]`)),
    ...shown,
    wrap(`  help: ${help}`, width, "        "),
    "",
  ].join("\n");
}

/** One JSON object per line, for programs. */
export function renderDiagnosticsJson(list: readonly Diagnostic[]): string {
  return list.map((diagnostic) => `${JSON.stringify(diagnostic)}\n`).join("");
}
