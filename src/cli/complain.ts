import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { renderDiagnostics, renderDiagnosticsJson } from "../diagnostics/render.ts";
import type { Context, Options } from "./command.ts";

/**
 * To standard error, what keeps a command from its answer or comes beside it: with `--json` one
 * record a line, as `check` has it.
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
