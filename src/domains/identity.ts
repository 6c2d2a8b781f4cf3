import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import type { Policy } from "../model/policy.ts";
import { canonicalJson } from "../plan/canonical-json.ts";

/** By what a domain is known again when its file has another name. */
export interface DomainIdentity {
  readonly name: string;
  /** Absolute name of the policy's own file. */
  readonly origin: string;
  /**
   * Hexadecimal SHA-256 of what the policy means, its name and summary and the places of its rules
   * left out.
   */
  readonly identity: string;
  /**
   * `DEVICE:INODE:BIRTH` of the file; null where the file system keeps no time of birth: a number
   * alone is given again.
   */
  readonly inode: string | null;
}

export function domainIdentity(policy: Policy, origin: string): DomainIdentity {
  return identityOf(policy.name, origin, policyDigest(policy));
}

/** The same for a policy whose digest is known. */
export function identityOf(name: string, origin: string, identity: string): DomainIdentity {
  return { name, origin, identity, inode: inodeOf(origin) };
}

/**
 * Equal for policies that mean the same: neither the order of rules counts nor where they are
 * written.
 */
export function policyDigest(policy: Policy): string {
  const { name: _name, summary: _summary, ...meaning } = policy;
  return createHash("sha256")
    .update(canonicalJson(withoutPlaces(meaning)))
    .digest("hex");
}

function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => canonicalJson(withoutPlaces(item))).sort();
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  const members = Object.entries(value).filter(([key]) => key !== "source");
  return Object.fromEntries(members.map(([key, member]) => [key, withoutPlaces(member)]));
}

function inodeOf(path: string): string | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined || stats.birthtimeNs === 0n
    ? null
    : `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
}
