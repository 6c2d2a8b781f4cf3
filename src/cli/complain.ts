import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { renderDiagnostics, renderDiagnosticsJson } from "../diagnostics/render.ts";
import type { Context, Options } from "./command.ts";

/**
 * Writes diagnostics of a command to standard error; with `--json` one record per line, as `check`
 * does.
 */
export function complain(
  { color, width, err }: Context,
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  options: Options,
): void {
  err(
    options.json
      ? renderDiagnosticsJson(diagnostics)
      : renderDiagnostics(diagnostics, { color, sources, width }),
  );
}
