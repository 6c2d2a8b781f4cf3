import { ExitCode } from "../../host/exit-code.ts";
import { policySchema } from "../../policy/schema.ts";
import type { Command } from "../command.ts";
import { toJson } from "../json.ts";

export const schema: Command = {
  name: "schema",
  operands: [],
  summary: "print the JSON Schema of policy files, for editors",
  description: ["An editor can check a policy with this schema while you write."],
  options: [],
  examples: [
    {
      line: "cofferdam schema > cofferdam.schema.json",
      what: "name this file in your editor's YAML settings",
    },
  ],
  run(context) {
    context.out(toJson(policySchema()));
    return ExitCode.ok;
  },
};
