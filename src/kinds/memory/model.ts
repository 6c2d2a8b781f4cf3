import * as is from "../../base/schema.ts";
import { firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import { oneOfWords, type WordKind } from "../../model/word-kind.ts";

/**
 * `jit`: memory may be written and then executed, as a just-in-time compiler does. `memfd`: files
 * may be made in memory. `dlopen`: a process with several threads may map files as code.
 */
const memoryKinds = ["jit", "memfd", "dlopen"] as const;
export type MemoryKind = (typeof memoryKinds)[number];

const request = is.object({ class: is.oneOf("memory"), kind: is.oneOf(...memoryKinds) });
export type MemoryRequest = is.Described<typeof request>;

/** How code can come into memory without a program file. */
export const memory: WordKind<MemoryKind, MemoryRequest> = {
  class: "memory",
  words: memoryKinds,
  request,
  decide: (rules, { kind }) => firstDenyElseAllow(rules, ({ token }) => token === kind),
  suggest: ({ kind }) => kind,
  object: "a kind",
  ask(object) {
    const kind = oneOfWords(object, memoryKinds);
    return typeof kind === "string" ? { class: "memory", kind } : kind;
  },
  spell: ({ kind }) => kind,
  representatives: () =>
    memoryKinds.map((kind) => ({ line: kind, request: { class: "memory", kind } })),
};
