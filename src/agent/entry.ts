import type { Policy } from "../model/policy.ts";

/** A domain as the agent has it in force. */
export interface DomainEntry {
  readonly name: string;
  readonly number: number;
  /** The policy's own file. */
  readonly file: string;
  /** null: since the agent started its file could never be used; running processes keep what they have. */
  readonly policy: Policy | null;
  /** {@link policyDigest} of `policy`. */
  readonly digest: string | null;
  /** Why the file as it is now cannot be used, as `check` prints it; null while what lies there is in force. */
  readonly problems: string | null;
}
