import { parseDomainName } from "../../policy/names.ts";

/** The unrestricted domain, which has this name in both languages. */
export const SUPER_DOM = "superDom";

/**
 * ESXi calls `nginx` `nginxDom`. Instances (`vm@web1`) and names that end in `Dom` already stay the
 * same.
 */
export function esxiName(domain: string): string {
  return domain.includes("@") || domain.endsWith("Dom") ? domain : `${domain}Dom`;
}

/** The domain's name for a policy of ESXi; null if it cannot be a domain's name. */
export function ownName(name: string): string | null {
  const plain = name.endsWith("Dom") ? name.slice(0, -"Dom".length) : name;
  return name === SUPER_DOM || parseDomainName(plain) === null ? null : plain;
}

/** Finds a domain by Cofferdam's name, else by its ESXi name. */
export function findDomain<T extends { readonly name: string }>(
  name: string,
  domains: readonly T[],
): T | null {
  return (
    domains.find((domain) => domain.name === name) ??
    domains.find((domain) => esxiName(domain.name) === name) ??
    null
  );
}
