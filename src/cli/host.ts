import { join } from "node:path";
import { hostAccounts } from "../compile/accounts.ts";
import { hostSnapshot } from "../compile/host-snapshot.ts";
import { oneMoment } from "../compile/one-moment.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { probeHost } from "../kernel/probe/host-facts.ts";
import { neverGranted } from "../model/never-granted.ts";
import { escapeName } from "../model/pattern.ts";
import type { Policy } from "../model/policy.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { CheckContext } from "../policy/3-check/check.ts";
import type { Context } from "./command.ts";
import { domainNames, load } from "./load.ts";

/** This host as one command sees it. */
export interface Host {
  readonly facts: HostFacts;
  readonly snapshot: Snapshot;
}

/** The host now: probed once, each name looked up once. */
export function hostNow(): Host {
  return { facts: probeHost(), snapshot: oneMoment(hostSnapshot()) };
}

/** What every check of this host needs, looked up once. `others` may be left out for a policy without transitions whose errors alone are asked. */
export function checkContext(context: Context, host: Host, withOthers = true): CheckContext {
  const { users, groups } = hostAccounts();
  return {
    ...host,
    others: withOthers ? otherDomains(context) : [],
    ownObjects: context.places.own.flatMap((path) => [escapeName(path), `${escapeName(path)}/**`]),
    neverGranted: neverGranted.map(({ name }) => name),
    accounts: { users: new Set(users.map(({ name }) => name)), groups: new Set(groups.map(({ name }) => name)) },
  };
}

/** Domains of this host that can be read as they are. What is wrong with another one is not this one's business. */
function otherDomains(context: Context): readonly Policy[] {
  return domainNames(context).flatMap((name) => load(context, { name }, {}).policy ?? []);
}

/** The compiler's own bundle: a plan made by another compiler is stale. */
export function programFiles(context: Context): readonly string[] {
  return [join(context.places.home, "dist", "cofferdam.js")];
}
