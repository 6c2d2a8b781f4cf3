import { parseDomainName } from "../../policy/names.ts";

/** The unrestricted domain: its name is the same in both languages. */
export const SUPER_DOM = "superDom";

/**
 * `nginx` is called `nginxDom` there. Instances (`vm@web1`) and names that end so already are the
 * same.
 */
export function esxiName(domain: string): string {
  return domain.includes("@") || domain.endsWith("Dom") ? domain : `${domain}Dom`;
}

/**
 * The domain that a policy of the original is to become; null for what cannot be a domain's name.
 */
export function ownName(name: string): string | null {
  const plain = name.endsWith("Dom") ? name.slice(0, -"Dom".length) : name;
  return name === SUPER_DOM || parseDomainName(plain) === null ? null : plain;
}

/** Which of `domains` is meant: one of that very name, else the one that is printed so. */
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
