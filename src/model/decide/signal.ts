import type { Policy, Source } from "../policy.ts";
import type { SignalRequest } from "../request.ts";
import type { Decision } from "../verdict.ts";
import { firstDenyElseAllow } from "./verdict-of-rules.ts";

/** No policy grants it and none can take it away: processes of one domain may signal each other. */
const ownDomainSource: Source = { file: "", line: 0, column: 0, text: "self" };

export function judgeSignal(policy: Policy, request: SignalRequest): Decision {
  if (request.domain === policy.name) return { outcome: "granted", by: ownDomainSource };
  return firstDenyElseAllow(
    policy.signals,
    (rule) => rule.token === "any" || rule.token === request.domain,
  );
}
