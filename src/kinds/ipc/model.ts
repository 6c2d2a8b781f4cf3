import * as is from "../../base/schema.ts";
import { firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import { oneOfWords, type WordKind } from "../../model/word-kind.ts";

/** System V shared memory, semaphores, message queues; POSIX message queues. */
export const ipcKinds = ["shm", "sem", "msg", "mqueue"] as const;
export type IpcKind = (typeof ipcKinds)[number];

const request = is.object({ class: is.oneOf("ipc"), kind: is.oneOf(...ipcKinds) });
export type IpcRequest = is.Described<typeof request>;

/** By kind, never by key or id. */
export const ipc: WordKind<IpcKind, IpcRequest> = {
  class: "ipc",
  words: ipcKinds,
  request,
  decide: (rules, { kind }) => firstDenyElseAllow(rules, ({ token }) => token === kind),
  suggest: ({ kind }) => kind,
  object: "a kind",
  ask(object) {
    const kind = oneOfWords(object, ipcKinds);
    return typeof kind === "string" ? { class: "ipc", kind } : kind;
  },
  spell: ({ kind }) => kind,
  representatives: () => ipcKinds.map((kind) => ({ line: kind, request: { class: "ipc", kind } })),
};
