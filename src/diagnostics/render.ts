import { printable } from "../base/printable.ts";
import { wrap } from "../base/wrap.ts";
import type { Diagnostic, Severity } from "./diagnostic.ts";
import { excerpt } from "./excerpt.ts";

export interface RenderOptions {
  /** Escape sequences for a terminal; without them the text is plain. */
  readonly color: boolean;
  /**
   * Text of the files by the name that diagnostics give; a file that is not here is shown without
   * its line.
   */
  readonly sources: ReadonlyMap<string, string>;
  /** Columns of the screen. */
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
 * All diagnostics as text for people: the place, the sentence, the line with carets, the help. Ends
 * with a newline unless empty. Nothing of a file reaches the terminal as a control character.
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

/** One JSON object a line, for programs. */
export function renderDiagnosticsJson(list: readonly Diagnostic[]): string {
  return list.map((diagnostic) => `${JSON.stringify(diagnostic)}\n`).join("");
}
