import { tokenRule } from "../../policy/2-resolve/rule-source.ts";
import type { WordSyntax } from "../../policy/word-syntax.ts";
import type { IpcKind } from "./model.ts";

export const ipc: WordSyntax<IpcKind> = {
  key: {
    summary: "System V and POSIX message queues, in a namespace of the domain's own.",
    form: "[deny] KIND...",
    example: "ipc: [shm, sem]",
    standard: "empty",
  },
  resolve: (line) => [tokenRule(line, line.token)],
};
