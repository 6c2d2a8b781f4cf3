import * as is from "../../base/schema.ts";
import { firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import type { Source } from "../../model/rule.ts";
import type { WordKind } from "../../model/word-kind.ts";

/** `domain` is the name of the target's domain; `superDom` for processes in none. */
const request = is.object({ class: is.oneOf("signal"), domain: is.text });
export type SignalRequest = is.Described<typeof request>;

/** Not from a policy: processes of one domain may always signal each other. */
const ownDomainSource: Source = { file: "", line: 0, column: 0, text: "self" };

/** The words are `self`, `any` and names of domains. */
export const signals: WordKind<string, SignalRequest> = {
  class: "signal",
  words: null,
  request,
  decide(rules, { domain }, own) {
    if (domain === own) return { outcome: "granted", by: ownDomainSource };
    return firstDenyElseAllow(rules, ({ token }) => token === "any" || token === domain);
  },
  // The kernel keeps the signals of a sealed domain inside, or lets all of them out.
  suggest: ({ domain }, sealed) => (sealed || domain === "superDom" ? "any" : domain),
  object: "a domain",
  ask: (domain) => ({ class: "signal", domain }),
  spell: ({ domain }) => domain,
  representatives(named) {
    const request = (domain: string) => ({ class: "signal", domain }) as const;
    const words = [...named].filter((word) => word !== "any" && word !== "self");
    // Stands for every domain that no rule names.
    const other = named.has("superDom") ? "another-domain" : "superDom";
    return [
      ...words.map((domain) => ({ line: domain, request: request(domain) })),
      { line: "any", request: request(other) },
    ];
  },
  includes: (granted, token) => token === "self" || granted.has("any") || granted.has(token),
};
