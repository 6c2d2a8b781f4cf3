import * as is from "../../base/schema.ts";
import { levels, mediations } from "../../model/policy.ts";

const text = is.text;
const count = is.whole();
const amount = is.number;

const hostReading = is.object({
  name: text,
  /** Seconds since boot. */
  uptime: amount,
  processors: count,
  /** Of the last 1, 5 and 15 minutes. */
  load: is.list(amount),
  /** Bytes. */
  memory: amount,
  available: amount,
});

export type HostReading = is.Described<typeof hostReading>;

const domainReading = is.object({
  name: text,
  /**
   * null for what is no domain of the host (an ordinary user's, a policy file from elsewhere);
   * those of one name are one.
   */
  number: is.nullable(count),
  /** In force for new starts; null for `superDom`, and if unknown. */
  level: is.nullable(is.oneOf(...levels)),
  /** How what runs is held; null where nothing runs, or no record tells. */
  mode: is.nullable(is.oneOf(...mediations, "mixed")),
  processes: count,
  /** Microseconds of CPU time since the meter began, ended processes included. */
  cpu: amount,
  /** Bytes in memory; pages that processes share count once for each of them. */
  resident: amount,
  /** Open descriptors; null if the caller may not count them. */
  descriptors: is.nullable(count),
  /** Denials and warnings of the host's day, repeats counted; null if no agent counts them. */
  events: is.nullable(count),
});

export type DomainReading = is.Described<typeof domainReading>;

/** What the session server answers, for both sides. */
export const reading = is.object({
  /** Wall clock, ISO 8601. */
  time: text,
  /** Seconds of a clock that cannot be set. */
  seconds: amount,
  /**
   * Names the counters of CPU time: of two readings with different names none can be taken from the
   * other.
   */
  meter: text,
  host: hostReading,
  /** Why events and domains in which nothing runs are unknown; null if the agent answered. */
  agent: is.nullable(text),
  /**
   * Denials and warnings of the host's day, as `status` counts them: also those of domains that are
   * not listed. null if nobody counts them.
   */
  events: is.optional(is.nullable(count)),
  /** `superDom` first, then by number; those of ordinary users, without a number, last. */
  domains: is.list(domainReading),
});

/**
 * What a host's domains use at one moment. Counters only grow, so two readings of one meter give
 * the rates between them.
 */
export type Reading = is.Described<typeof reading>;
