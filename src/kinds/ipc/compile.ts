import type { WordHolding } from "../../compile/word-holding.ts";
import type { HostFacts } from "../../kernel/host-facts.ts";
import { granted } from "../../model/granted.ts";
import type { TokenRule } from "../../model/rule.ts";
import type { IpcKind } from "./model.ts";

type Rules = readonly TokenRule<IpcKind>[];

/** A grant means a namespace of the domain's own; without one it is lost. */
export const ipc: WordHolding<IpcKind> = {
  sealed: {
    rules: inOwnNamespace,
    whyLost: "no private IPC namespace can be made here",
    layers: (held) =>
      held.size === 0 ? [] : [{ name: "ipc", state: "enforced", detail: "private IPC namespace" }],
  },
  supervised: {
    rules: (rules, facts, level) => (level === "enforcing" ? inOwnNamespace(rules, facts) : rules),
    layers(held, level) {
      if (held.size === 0) return [];
      if (level === "enforcing")
        return [{ name: "ipc", state: "enforced", detail: "private IPC namespace. Not live" }];
      const detail = `${[...held].join(", ")}: the host's own, until a restart at level enforcing`;
      return [{ name: "ipc", state: "partial", detail }];
    },
  },
};

function inOwnNamespace(rules: Rules, { features }: HostFacts): Rules {
  if (features["private-ipc"].state === "yes") return rules;
  const kinds = granted(rules);
  return rules.filter(({ token }) => !kinds.has(token));
}
