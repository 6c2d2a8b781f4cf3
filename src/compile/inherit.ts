import type { Policy } from "../model/policy.ts";
import type { Plan } from "../plan/plan.ts";
import { granted } from "./identity.ts";

export function inheritOf(policy: Pick<Policy, "inherit">): Plan["inherit"] {
  const kinds = granted(policy.inherit);
  return {
    stdio: kinds.has("stdio"),
    stdioSockets: kinds.has("stdio-sockets"),
    listen: kinds.has("listen"),
  };
}
