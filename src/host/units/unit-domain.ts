import { readdirSync } from "node:fs";
import type { Policy } from "../../model/policy.ts";
import { ExitCode } from "../exit-code.ts";
import { HostError } from "../host-error.ts";
import { domainNames, load } from "../load.ts";
import type { Places } from "../places.ts";
import { isTemplate, templateOf } from "./unit.ts";

/** A domain whose policy names a unit under `enter`. */
export interface Claim {
  /** As the policy has it; a template claims its instances too. */
  readonly unit: string;
  /** `worker@` of a template of policies, whose instance is the unit's. */
  readonly domain: string;
  readonly policy: Policy;
  /** That make up the policy. */
  readonly files: readonly string[];
}

/** What the host's policies claim. A policy that cannot be used claims nothing. */
export function allClaims(places: Places): readonly Claim[] {
  return [...domainNames(places), ...templates(places)].flatMap((domain) => {
    const instance = domain.endsWith("@") ? `${domain}x` : domain;
    const { policy, files } = load(places, { name: instance });
    return (policy?.entries ?? []).flatMap((entry) =>
      entry.kind === "unit" && policy !== null ? [{ unit: entry.unit, domain, policy, files }] : [],
    );
  });
}

function templates({ policies }: Places): readonly string[] {
  const names = policies.flatMap((folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  });
  return [...new Set(names.filter((name) => name.endsWith("@.yaml")))].map((name) =>
    name.slice(0, -".yaml".length),
  );
}

/** The claims to a unit: of its own name before its template's. */
function claimsTo(unit: string, claims: readonly Claim[]): readonly Claim[] {
  const own = claims.filter((claim) => claim.unit === unit);
  return own.length > 0 ? own : claims.filter((claim) => claim.unit === templateOf(unit));
}

/** The domain that claims a unit; null where none does, or several do. */
export function domainOfUnit(unit: string, claims: readonly Claim[]): Claim | null {
  const found = claimsTo(unit, claims);
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** @throws HostError where no policy names the unit, or several do */
export function requireDomain(unit: string, claims: readonly Claim[]): Claim {
  const found = claimsTo(unit, claims);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first === undefined)
    throw new HostError(
      `no domain's policy names ${unit}`,
      `write into the policy of the domain that is meant: enter: [{ unit: "${unit}" }]`,
      ExitCode.unavailable,
    );
  const names = found.map(({ domain }) => domain).join(", ");
  throw new HostError(
    `several domains name ${unit}: ${names}`,
    "leave it in the policy of one",
    ExitCode.unavailable,
  );
}

/** The word behind `run`: of a template of policies the unit's instance, by systemd's specifier. */
export function domainWord(unit: string, { domain }: Claim): string {
  if (!domain.endsWith("@")) return domain;
  if (isTemplate(unit) || templateOf(unit) !== null) return `${domain}%i`;
  throw new HostError(
    `${domain} is a template, and ${unit} has no instance`,
    `name an instance's own policy: ${domain}NAME.yaml`,
  );
}
