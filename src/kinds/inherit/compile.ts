import type { Layer, WordHolding } from "../../compile/word-holding.ts";
import { granted } from "../../model/granted.ts";
import type { Policy } from "../../model/policy.ts";
import type { Plan } from "../../plan/plan.ts";
import type { InheritKind } from "./model.ts";

export function inheritOf(policy: Pick<Policy, "inherit">): Plan["inherit"] {
  const kinds = granted(policy.inherit);
  return {
    stdio: kinds.has("stdio"),
    stdioSockets: kinds.has("stdio-sockets"),
    listen: kinds.has("listen"),
  };
}

/** A sealed domain's launcher closes the others; a supervised one's does so at level enforcing. */
export const inherit: WordHolding<InheritKind> = {
  supervised: { layers: (_held, level) => (level === "enforcing" ? [] : [allOpen]) },
};

const allOpen: Layer = {
  name: "inherited descriptors",
  state: "partial",
  detail: "all stay open; those that the policy does not name are logged",
};
