import { hostAccounts } from "../compile/accounts.ts";
import { crashWords, isSentWhateverTheLimit } from "../kernel/core-pattern.ts";
import { neverGranted } from "../kinds/syscalls/model.ts";
import { escapeName } from "../model/pattern.ts";
import type { Policy } from "../model/policy.ts";
import type { CheckContext } from "../policy/3-check/check.ts";
import type { Host } from "./host.ts";
import { domainNames, load } from "./load.ts";
import type { Places } from "./places.ts";

/**
 * What every check of this host needs, looked up once. `others` may be left out for a policy
 * without transitions whose errors alone are asked.
 */
export function checkContext(places: Places, host: Host, withOthers = true): CheckContext {
  const { users, groups } = hostAccounts();
  return {
    ...host,
    facts: { ...host.facts, crash: crashOf(host.facts) },
    others: withOthers ? otherDomains(places) : [],
    ownObjects: places.own.flatMap((path) => [escapeName(path), `${escapeName(path)}/**`]),
    neverGranted: neverGranted.map(({ name }) => name),
    accounts: {
      users: new Set(users.map(({ name }) => name)),
      groups: new Set(groups.map(({ name }) => name)),
    },
  };
}

function crashOf({
  corePattern,
}: Host["facts"]): NonNullable<NonNullable<CheckContext["facts"]>["crash"]> {
  return {
    words: crashWords(corePattern),
    whateverTheLimit: isSentWhateverTheLimit(corePattern),
  };
}

/**
 * Domains of this host that can be read as they are. What is wrong with another one is not this
 * one's business.
 */
function otherDomains(places: Places): readonly Policy[] {
  return domainNames(places).flatMap((name) => load(places, { name }).policy ?? []);
}
