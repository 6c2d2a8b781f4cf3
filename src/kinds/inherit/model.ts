import * as is from "../../base/schema.ts";
import { firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import { oneOfWords, type WordKind } from "../../model/word-kind.ts";

/**
 * `stdio`: descriptors 0-2 that are files, pipes, terminals or character devices. `stdio-sockets`:
 * descriptors 0-2 that are connected unix stream sockets (journald's), which cannot be connected to
 * another address. `listen`: the sockets of systemd socket activation (LISTEN_FDS), and no others.
 */
const inheritKinds = ["stdio", "stdio-sockets", "listen"] as const;
export type InheritKind = (typeof inheritKinds)[number];

const request = is.object({ class: is.oneOf("inherit"), kind: is.oneOf(...inheritKinds) });
export type InheritRequest = is.Described<typeof request>;

export const inherit: WordKind<InheritKind, InheritRequest> = {
  class: "inherit",
  words: inheritKinds,
  request,
  decide: (rules, { kind }) => firstDenyElseAllow(rules, ({ token }) => token === kind),
  suggest: ({ kind }) => kind,
  object: "a kind",
  ask(object) {
    const kind = oneOfWords(object, inheritKinds);
    return typeof kind === "string" ? { class: "inherit", kind } : kind;
  },
  spell: ({ kind }) => kind,
  representatives: () =>
    inheritKinds.map((kind) => ({ line: kind, request: { class: "inherit", kind } })),
};
