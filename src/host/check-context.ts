import { once } from "../base/once.ts";
import { presentAccounts } from "../compile/policy-accounts.ts";
import { crashWords, isSentWhateverTheLimit } from "../kernel/core-pattern.ts";
import { neverGranted } from "../kinds/syscalls/model.ts";
import { escapeName } from "../model/pattern.ts";
import type { Policy } from "../model/policy.ts";
import type { CheckContext } from "../policy/3-check/check.ts";
import { chosenEngine } from "./engine.ts";
import { hasExecutableStack } from "./executable-stack.ts";
import type { Host } from "./host.ts";
import { whyKeptOutside } from "./kept-outside.ts";
import { domainNames, load } from "./load.ts";
import type { Places } from "./places.ts";

/** What every check of this host needs, looked up once: the other domains when one first asks. */
export function checkContext(places: Places, host: Host): CheckContext {
  const { users, groups } = presentAccounts();
  return {
    ...host,
    engine: chosenEngine(places, host.facts).engine,
    whyKeptOutside: (entry) => whyKeptOutside(places, entry),
    facts: { ...host.facts, crash: crashOf(host.facts) },
    others: once(() => otherDomains(places)),
    ownObjects: places.own.flatMap((path) => [escapeName(path), `${escapeName(path)}/**`]),
    hasExecutableStack,
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
 * Domains of this host whose policies are readable. Problems of other policies are not reported.
 */
function otherDomains(places: Places): readonly Policy[] {
  return domainNames(places).flatMap((name) => load(places, { name }).policy ?? []);
}
