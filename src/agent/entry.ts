import { policyDigest } from "../domains/identity.ts";
import type { Level, Mediation, Policy } from "../model/policy.ts";
import type { Basis } from "../policy/load.ts";
import { printPolicy } from "../policy/print.ts";
import type { ReadPolicy } from "./read-policies.ts";

/**
 * What the agent keeps of a policy: as an object each rule takes many times the room of its text.
 */
export interface PolicyInForce {
  readonly level: Level;
  readonly mediation: Mediation;
  /** systemd units that the policy names. */
  readonly units: readonly string[];
  /** As one file without includes and variables. */
  readonly text: string;
}

export function inForce(policy: Policy): PolicyInForce {
  const units = policy.entries.flatMap((entry) => (entry.kind === "unit" ? [entry.unit] : []));
  return { level: policy.level, mediation: policy.mediation, units, text: printPolicy(policy) };
}

/** A domain as the agent has it in force. */
export interface DomainEntry {
  readonly name: string;
  readonly number: number;
  /** The policy's own file. */
  readonly file: string;
  /**
   * null: since the agent started its file could never be used; running processes keep what they
   * have.
   */
  readonly policy: PolicyInForce | null;
  /** {@link policyDigest} of the policy. */
  readonly digest: string | null;
  /** What the policy was read from; null where that is not to be relied on. */
  readonly basis: Basis | null;
  /**
   * Why the file as it is now cannot be used, as `check` prints it; null while what lies there is
   * in force.
   */
  readonly problems: string | null;
}

/** The entry after its file was read; null for one of which nothing is known. */
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
