import { granted } from "../model/granted.ts";
import type { Policy } from "../model/policy.ts";
import type { Plan } from "../plan/plan.ts";

export function inheritOf(policy: Pick<Policy, "inherit">): Plan["inherit"] {
  const kinds = granted(policy.inherit);
  return {
    stdio: kinds.has("stdio"),
    stdioSockets: kinds.has("stdio-sockets"),
    listen: kinds.has("listen"),
  };
}
