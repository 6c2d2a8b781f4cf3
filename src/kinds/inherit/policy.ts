import { tokenRule } from "../../policy/2-resolve/rule-source.ts";
import type { WordSyntax } from "../../policy/word-syntax.ts";
import type { InheritKind } from "./model.ts";

export const inherit: WordSyntax<InheritKind> = {
  key: {
    summary: "Descriptors of the caller that the daemon keeps; all others are closed.",
    form: "[deny] KIND...",
    example: "inherit: [stdio]",
    standard: "empty",
  },
  resolve: (line) => [tokenRule(line, line.token)],
};
