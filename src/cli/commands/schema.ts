import { ExitCode } from "../../host/exit-code.ts";
import { policySchema } from "../../policy/schema.ts";
import type { Command } from "../command.ts";
import { toJson } from "../json.ts";

export const schema: Command = {
  name: "schema",
  operands: [],
  summary: "print the JSON Schema of policy files, for editors",
  description: ["Made from the same table as the parser and the reference in docs/language.md."],
  options: [],
  examples: [
    {
      line: "cofferdam schema > cofferdam.schema.json",
      what: "to name in an editor's settings for YAML",
    },
  ],
  run(context) {
    context.out(toJson(policySchema()));
    return ExitCode.ok;
  },
};
