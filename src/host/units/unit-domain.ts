import type { ControlCommand, Policy } from "../../model/policy.ts";
import { ExitCode } from "../exit-code.ts";
import { HostError } from "../host-error.ts";
import { usablePolicies } from "../load.ts";
import type { Places } from "../places.ts";
import { isTemplate, templateOf } from "./unit.ts";

export interface Claim {
  /** As in the policy; a template claims its instances, too. */
  readonly unit: string;
  /** `worker@` for a template of policies; its instance is the unit's. */
  readonly domain: string;
  readonly policy: Policy;
  readonly files: readonly string[];
  /** Commands of the unit that the policy leaves outside the domain. */
  readonly outside: readonly ControlCommand[];
}

/** A policy that cannot be used claims nothing. */
export function allClaims(places: Places): readonly Claim[] {
  return usablePolicies(places).flatMap(({ name, policy, files }) => claimsOf(name, policy, files));
}

export function claimsOf(
  domain: string,
  policy: Policy,
  files: readonly string[],
): readonly Claim[] {
  return policy.entries.flatMap((entry) =>
    entry.kind === "unit"
      ? [{ ...{ domain, policy, files }, unit: entry.unit, outside: entry.outside ?? [] }]
      : [],
  );
}

/** The unit's own name takes precedence over its template's. */
function claimsTo(unit: string, claims: readonly Claim[]): readonly Claim[] {
  const own = claims.filter((claim) => claim.unit === unit);
  return own.length > 0 ? own : claims.filter((claim) => claim.unit === templateOf(unit));
}

/** null if no domain claims the unit, or several do. */
export function domainOfUnit(unit: string, claims: readonly Claim[]): Claim | null {
  const found = claimsTo(unit, claims);
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** @throws HostError if no policy names the unit, or several do */
export function requireDomain(unit: string, claims: readonly Claim[]): Claim {
  const found = claimsTo(unit, claims);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first === undefined)
    throw new HostError(
      `no domain's policy names ${unit}`,
      `write into the domain's policy: enter: [{ unit: "${unit}" }]`,
      ExitCode.unavailable,
    );
  const names = found.map(({ domain }) => domain).join(", ");
  throw new HostError(
    `several domains name ${unit}: ${names}`,
    "remove it from all policies but one",
    ExitCode.unavailable,
  );
}

/**
 * The argument of `run`: for a template of policies with the unit's instance, by systemd's
 * specifier.
 */
export function domainWord(unit: string, { domain }: Claim): string {
  if (!domain.endsWith("@")) return domain;
  if (isTemplate(unit) || templateOf(unit) !== null) return `${domain}%i`;
  throw new HostError(
    `${domain} is a template, and ${unit} has no instance`,
    `name an instance's own policy: ${domain}NAME.yaml`,
  );
}
