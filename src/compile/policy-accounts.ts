import type { Policy } from "../model/policy.ts";
import { type Accounts, GROUP, hostAccounts, idOf, PASSWD } from "./accounts.ts";
import { dynamicAccounts, dynamicUserLink } from "./dynamic-users.ts";
import type { CompileOptions } from "./options.ts";

type NamedByPolicy = Pick<Policy, "user" | "group">;
/** Those of the start, besides the policy's. */
type NamedByStart = Pick<CompileOptions, "groups">;

function namesAccounts({ user, group }: NamedByPolicy, { groups = [] }: NamedByStart): boolean {
  return user !== null || group !== null || groups.length > 0;
}

/** Files on which the plan depends if the policy or the start names an account. */
export function accountFiles(policy: NamedByPolicy, start: NamedByStart): readonly string[] {
  if (!namesAccounts(policy, start)) return [];
  const { groups = [] } = start;
  const mayBeDynamic = [...(policy.user === null ? [] : [policy.user]), ...groups].filter(
    (name) => idOf(name) === null,
  );
  return [PASSWD, GROUP, ...mayBeDynamic.map(dynamicUserLink)];
}

/** The host's present accounts with those of running units that have `DynamicUser=`. */
export function presentAccounts(): Accounts {
  const [fixed, dynamic] = [hostAccounts(), dynamicAccounts()];
  return {
    users: [...fixed.users, ...dynamic.users],
    groups: [...fixed.groups, ...dynamic.groups],
  };
}

export function accountsFor(
  policy: NamedByPolicy,
  start: NamedByStart & Pick<CompileOptions, "accounts">,
): Accounts | null {
  return namesAccounts(policy, start) ? (start.accounts ?? presentAccounts)() : null;
}
