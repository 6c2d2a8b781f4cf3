import { hasError } from "../../diagnostics/diagnostic.ts";
import { renderDiagnostics, renderDiagnosticsJson } from "../../diagnostics/render.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { printPolicy } from "../../policy/print.ts";
import { checking } from "../checked.ts";
import { type Command, jsonOption, setOption } from "../command.ts";
import { fileOrName, loadWanted } from "../wanted.ts";

export const check: Command = {
  name: "check",
  operands: [{ name: "<files...>", description: "policy files, or names of domains" }],
  summary: "find errors and risks in policy files",
  description: [
    "Reports errors, warnings and costs, each with a code, a line number and a remedy. " +
      "Warnings and costs are about this host: names that do not exist, grants that end when a " +
      "file is replaced, rules that its kernel cannot enforce. docs/diagnostics.md explains the " +
      "codes.",
    "--print prints the policies with includes, variables and groups expanded; the report then " +
      "goes to standard error.",
    "Exit status: 0 without errors (warnings do not count), 1 with errors.",
  ],
  options: [
    setOption,
    { ...jsonOption, description: "print one JSON object a line, for programs" },
    {
      flags: "--print",
      description: "print each policy as one file without includes and variables",
    },
  ],
  examples: [
    { line: "cofferdam check /etc/cofferdam/domains/*.yaml", what: "before a restart" },
    { line: "cofferdam check --print nginx.yaml", what: "with includes and variables expanded" },
    { line: "cofferdam check --json nginx.yaml", what: "for an editor or a build" },
    {
      line: "cofferdam check --set instance=1 worker@.yaml",
      what: "a template, as the instance worker@1",
    },
  ],
  run(context, files, options) {
    const diagnosticsOf = checking(context);
    const results = files.map((file) => {
      const loaded = loadWanted(context, fileOrName(file), options);
      return { loaded, diagnostics: diagnosticsOf(loaded, file) };
    });
    const diagnostics = results.flatMap((result) => result.diagnostics);
    const sources = new Map(results.flatMap(({ loaded }) => [...loaded.sources]));
    const { color, width } = context;
    const text = options.json
      ? renderDiagnosticsJson(diagnostics)
      : renderDiagnostics(diagnostics, { color, sources, width });
    if (options.print !== true) context.out(text);
    else {
      context.err(text);
      const policies = results.flatMap(({ loaded }) => loaded.policy ?? []);
      context.out(policies.map(printPolicy).join("---\n"));
    }
    return hasError(diagnostics) ? ExitCode.no : ExitCode.ok;
  },
};
