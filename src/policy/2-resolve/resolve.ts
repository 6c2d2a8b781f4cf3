import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { resolveAddresses } from "../../kinds/addresses/policy.ts";
import { resolveFiles, resolveUnix } from "../../kinds/names/policy.ts";
import { resolveSockets } from "../../kinds/sockets/policy.ts";
import type { Policy } from "../../model/policy.ts";
import type { PolicySource } from "../1-parse/source.ts";
import { RULES_MAX } from "../limits.ts";
import type { DomainName } from "../names.ts";
import type { Vocabulary } from "../vocabulary.ts";
import { resolveAccount } from "./account.ts";
import { resolveEntries, resolveSetUserId, resolveTransitions } from "./paths.ts";
import { makeScope, reportUnused } from "./scope.ts";
import { resolveWords } from "./tokens.ts";

export interface ResolveInput {
  readonly name: DomainName;
  readonly domain: PolicySource;
  /** Each abstraction once. */
  readonly abstractions: readonly PolicySource[];
  readonly set: Readonly<Record<string, string>>;
  readonly vocabulary: Vocabulary;
}

/**
 * Replaces variables and expands groups; every rule keeps its source. Wrong parts are reported and
 * left out, so the result is a policy only if no diagnostic is an error. Rules of a section are in
 * the order of the files; names and tokens whose order has no meaning are sorted.
 */
export function resolve(
  { name, domain, abstractions, set, vocabulary }: ResolveInput,
  report: Report,
): Policy {
  const sources = [domain, ...abstractions];
  const scope = makeScope(sources, name, set, report);
  const policy: Policy = {
    name: name.full,
    summary: domain.summary?.text ?? "",
    level: domain.level ?? "enforcing",
    mediation: domain.mediation ?? "sealed",
    entries: resolveEntries(domain.entries, scope),
    names: [...resolveFiles(sources, scope), ...resolveUnix(sources, scope)],
    addresses: resolveAddresses(sources, scope),
    sockets: resolveSockets(sources),
    ...resolveWords(sources, { scope, vocabulary, file: domain.file }),
    transitions: resolveTransitions(domain.transitions, scope),
    user: resolveAccount(domain.user, "a user", scope),
    group: resolveAccount(domain.group, "a group", scope),
    setUserId: resolveSetUserId(domain.setUserId, scope),
    coreDumps: domain.coreDumps ?? "none",
    lateNames: domain.lateNames ?? "sealed",
    bestEffort: [...new Set(domain.bestEffort)].sort(),
  };
  reportUnused(domain, scope);
  refuseTooMany(policy, domain.file, report);
  return policy;
}

function refuseTooMany(policy: Policy, file: string, report: Report): void {
  const count =
    policy.names.length +
    policy.addresses.length +
    policy.sockets.length +
    policy.transitions.length;
  if (count > RULES_MAX)
    report(
      diagnose("too-many-rules", { file, line: 1, column: 1, length: 0 }, { limit: RULES_MAX }),
    );
}
