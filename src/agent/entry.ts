import { policyDigest } from "../domains/identity.ts";
import type { Level, Mediation, Policy } from "../model/policy.ts";
import type { Basis } from "../policy/load.ts";
import { printPolicy } from "../policy/print.ts";
import { type FixedWords, fixedWords } from "./fixed-words.ts";
import type { ReadPolicy } from "./read-policies.ts";

/** The policy as text: an object takes many times the room. */
export interface PolicyInForce {
  readonly level: Level;
  readonly mediation: Mediation;
  /** Named by the policy. */
  readonly units: readonly string[];
  /** As one file without includes and variables. */
  readonly text: string;
  readonly fixed: FixedWords;
}

export function inForce(policy: Policy): PolicyInForce {
  const units = policy.entries.flatMap((entry) => (entry.kind === "unit" ? [entry.unit] : []));
  const { level, mediation } = policy;
  return { level, mediation, units, text: printPolicy(policy), fixed: fixedWords(policy) };
}

/** A domain and its policy in force. */
export interface DomainEntry {
  readonly name: string;
  readonly number: number;
  readonly file: string;
  /**
   * null: the file has been unusable since the agent started; running processes keep what they
   * have.
   */
  readonly policy: PolicyInForce | null;
  /** {@link policyDigest} of the policy. */
  readonly digest: string | null;
  /** null if the policy's files are not to be relied on. */
  readonly basis: Basis | null;
  /**
   * Why the present file cannot be used, as `check` prints it; null while that file is in force.
   */
  readonly problems: string | null;
}

/** After reading the domain's file; null for an unknown domain. */
export function entryOf(
  name: string,
  number: number,
  read: Exclude<ReadPolicy, { state: "gone" }>,
  before: DomainEntry | null,
): DomainEntry | null {
  if (read.state === "same") return before === null ? null : { ...before, number };
  if (read.state === "bad") {
    const kept = { policy: before?.policy ?? null, digest: before?.digest ?? null };
    return { name, number, file: read.file, ...kept, basis: null, problems: read.problems };
  }
  const { policy, file, basis } = read;
  return {
    name,
    number,
    file,
    policy: inForce(policy),
    digest: policyDigest(policy),
    basis,
    problems: null,
  };
}
