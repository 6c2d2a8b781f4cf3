import * as is from "../base/schema.ts";

/**
 * What the agent has seen of a domain since it is at level warning: the file in which it keeps
 * this, and what it answers to `ready`.
 */

/** Wall clock, ISO 8601. */
const time = is.text;
const count = is.whole(0);

const neededOnce = is.object({
  class: is.text,
  operation: is.text,
  /** In words; null if `request` says it. */
  object: is.nullable(is.text),
  /** As the log holds it. null: no rule can be about it. undefined: of an older record. */
  request: is.optional(is.anything),
  reason: is.nullable(is.text),
  /** What to do if no line of a policy can help. */
  help: is.optional(is.text),
  count,
  first: time,
  last: time,
  /** The executable, or the kernel's short name in brackets. */
  program: is.nullable(is.text),
});

/** An access that the domain was warned about. */
export type NeededOnce = is.Described<typeof neededOnce>;

export const gapKinds = {
  lost: "events that were counted, and not written",
  folded: "accesses that were counted without their names, because too many came at once",
  log: "places where the event log was cut off, changed or begun anew",
  removed: "records that were removed from the log before the agent read them",
  beyond: "records of further accesses, of which the agent keeps only the number",
  unseen: "times that capabilities used at level warning could not be recorded",
  failed: "failures of Cofferdam while it watched the domain",
} as const;

const gap = is.object({
  kind: is.oneOfNames(gapKinds),
  /** More about it, from the last event; empty if there is none. */
  what: is.text,
  count,
  last: time,
});

/** Something that the domain may have done and that is not known. */
export type Gap = is.Described<typeof gap>;

const freshLine = is.object({
  /** As `printPolicy` writes it. */
  line: is.text,
  since: time,
  /** Of the domain, until then. */
  starts: count,
});

/** A grant that the policy did not have when the domain began to be watched. */
export type FreshLine = is.Described<typeof freshLine>;

const members = {
  /** What was seen counts from then on. */
  since: time,
  /**
   * `level`: the agent found it at level warning, or was ordered to set it. `policy`: from then on
   * the policy does not grant something that an earlier one did.
   */
  begun: is.oneOf("level", "policy"),
  /** The policy in force is unchanged since. */
  policySince: time,
  /** Of processes that follow level and policy. */
  starts: count,
  lastStart: is.nullable(time),
  needs: is.list(neededOnce),
  gaps: is.list(gap),
  /**
   * From then on, mediators have seen what all runs of the domain used. null: an agent that did not
   * look at that began to watch it.
   */
  usedSince: is.added(is.nullable(time), null),
  /** Grants that were used, as `grantId` names them. */
  used: is.added(is.list(is.text), []),
  fresh: is.added(is.list(freshLine), []),
};

export const evidence = is.object(members);

export type Evidence = is.Described<typeof evidence>;

/** A file of the agent's. */
export const evidenceFile = is.object({
  ...members,
  /** `policyDigest` of the policy in force; its text is the one that `domain show` prints. */
  digest: is.nullable(is.text),
  policy: is.nullable(is.text),
  /** The last record of the log that was read for it. */
  seq: count,
  /** Runs that have been counted, as `PID START`, in this boot. */
  boot: is.text,
  known: is.list(is.text),
});

export type EvidenceFile = is.Described<typeof evidenceFile>;

/** What `GET /v1/domains/{domain}/evidence` answers. */
export const shownEvidence = is.object({
  name: is.text,
  /** Of the policy in force; null if none was ever usable. */
  digest: is.nullable(is.text),
  /** null unless the domain is at level warning. */
  evidence: is.nullable(evidence),
  /** The agent has not read the whole log yet. */
  behind: is.boolean,
});

export type ShownEvidence = is.Described<typeof shownEvidence>;
