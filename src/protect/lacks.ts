import { decide } from "../model/decide.ts";
import { literalPrefix, parsePattern } from "../model/pattern.ts";
import { Permission, type PermissionName } from "../model/permission.ts";
import type { Policy } from "../model/policy.ts";
import type { NameRequest } from "../model/request.ts";
import { judgeDangers } from "../suggest/dangers.ts";
import type { Need } from "../suggest/need.ts";
import { grantedNames } from "../suggest/proposal.ts";
import type { SuggestHost } from "../suggest/suggestions.ts";
import { claimed, merged, ofProcesses, proposalOf } from "./draft.ts";
import type { DraftLine, Evidence } from "./evidence.ts";

/**
 * What this host's unit, configuration and running daemon use beyond an existing policy. What
 * packages and interpreters have is left to the author of the policy.
 */
export function lacksOf(
  text: string,
  policy: Policy,
  evidence: readonly Evidence[],
  needs: readonly Need[],
  host: SuggestHost,
): { readonly lines: readonly DraftLine[]; readonly left: number } {
  const { isSetUserId } = host.tree;
  const dangersOf = judgeDangers({
    before: policy,
    after: policy,
    others: host.others,
    isSetUserId,
  });
  const told = evidence.filter(({ witness }) => witness === "unit" || witness === "command");
  const lacking = merged(told)
    .filter((one) => requestsFor(one).some((asked) => decide(policy, asked).outcome !== "granted"))
    .map((one) => ({ ...one, dangers: [...claimed(one), ...dangersOf(proposalOf(one, host))] }));
  const { lines, left } = ofProcesses(text, policy, needs, host);
  return { lines: [...lacking, ...lines], left };
}

/** Of the names in a line: the name itself, or one below the folder. */
function requestsFor(one: Evidence): readonly NameRequest[] {
  const names = grantedNames({ ...one, because: null, needs: [], wider: null });
  return names.flatMap(({ pattern, permissions }) => {
    const parsed = parsePattern(pattern);
    if ("problem" in parsed) return [];
    const prefix = literalPrefix(parsed.pattern);
    const path = pattern.endsWith("/**") ? `${prefix}/-` : prefix;
    return (Object.keys(Permission) as PermissionName[])
      .filter((operation) => (Permission[operation] & permissions) !== 0)
      .map((operation) => ({ class: "name" as const, operation, path }));
  });
}
