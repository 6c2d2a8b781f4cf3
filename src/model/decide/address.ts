import { judgedAddress, networkContains } from "../network.ts";
import type { Policy } from "../policy.ts";
import type { AddressRequest } from "../request.ts";
import type { Decision } from "../verdict.ts";
import { denied, firstDenyElseAllow } from "./verdict-of-rules.ts";

/** Connecting, sending, binding by address and port. */
export function judgeAddress(policy: Policy, request: AddressRequest): Decision {
  if (request.address.length !== 4 && request.address.length !== 16) return denied("no-rule");
  const address = judgedAddress(request.operation, request.address);
  return firstDenyElseAllow(
    policy.addresses,
    (rule) =>
      rule.operation === request.operation &&
      rule.protocol === request.protocol &&
      rule.ports.first <= request.port &&
      request.port <= rule.ports.last &&
      networkContains(rule.network, address),
  );
}
