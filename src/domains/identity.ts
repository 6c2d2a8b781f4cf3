import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import type { Policy } from "../model/policy.ts";
import { canonicalJson } from "../plan/canonical-json.ts";

/** Recognises a domain whose file was renamed. */
export interface DomainIdentity {
  readonly name: string;
  /** Absolute name of the policy's own file. */
  readonly origin: string;
  /**
   * SHA-256 in hex of the policy's meaning: without its name, its summary and the places of its
   * rules.
   */
  readonly identity: string;
  /**
   * `DEVICE:INODE:BIRTH` of the file; null if the file system records no birth time, because inode
   * numbers are reused.
   */
  readonly inode: string | null;
}

export function domainIdentity(policy: Policy, origin: string): DomainIdentity {
  return identityOf(policy.name, origin, policyDigest(policy));
}

export function identityOf(name: string, origin: string, identity: string): DomainIdentity {
  return { name, origin, identity, inode: inodeOf(origin) };
}

/** Equal for policies that mean the same: neither the order of rules nor their places count. */
export function policyDigest(policy: Policy): string {
  const { name: _name, summary: _summary, ...meaning } = policy;
  return createHash("sha256")
    .update(canonicalJson(withoutPlaces(meaning)))
    .digest("hex");
}

/** Digits of the digest that plans and records of runs have. */
const TAG_DIGITS = 16;

/** {@link policyDigest}, cut: it distinguishes the policies that one domain had. */
export function policyTag(policy: Policy): string {
  return tagOfDigest(policyDigest(policy));
}

export function tagOfDigest(digest: string): string {
  return digest.slice(0, TAG_DIGITS);
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
