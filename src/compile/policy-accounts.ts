import type { Policy } from "../model/policy.ts";
import { type Accounts, GROUP, hostAccounts, idOf, PASSWD } from "./accounts.ts";
import { dynamicAccounts, dynamicUserLink } from "./dynamic-users.ts";

const namesAccounts = ({ user, group }: Pick<Policy, "user" | "group">) =>
  user !== null || group !== null;

/** Files on which the plan depends if the policy names an account. */
export function accountFiles({ user, group }: Pick<Policy, "user" | "group">): readonly string[] {
  if (!namesAccounts({ user, group })) return [];
  const mayBeDynamic = user !== null && idOf(user) === null;
  return [PASSWD, GROUP, ...(mayBeDynamic ? [dynamicUserLink(user)] : [])];
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
  policy: Pick<Policy, "user" | "group">,
  read: () => Accounts = presentAccounts,
): Accounts | null {
  return namesAccounts(policy) ? read() : null;
}
