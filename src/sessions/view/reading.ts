import * as is from "../../base/schema.ts";
import { levels, modes } from "../../model/policy.ts";

const text = is.text;
const count = is.whole();
const amount = is.number;

const hostReading = is.object({
  name: text,
  /** Seconds since boot. */
  uptime: amount,
  processors: count,
  /** Over 1, 5 and 15 minutes. */
  load: is.list(amount),
  /** Bytes. */
  memory: amount,
  available: amount,
});

export type HostReading = is.Described<typeof hostReading>;

const domainReading = is.object({
  name: text,
  /**
   * null if it is no domain of the host, but of an ordinary user or a policy file elsewhere. Such
   * domains with the same name are one entry.
   */
  number: is.nullable(count),
  /** The level for new starts; null for `superDom`, and if unknown. */
  level: is.nullable(is.oneOf(...levels)),
  /** How the running processes are held; null if nothing runs, or no record says it. */
  mode: is.nullable(is.oneOf(...modes, "mixed")),
  processes: count,
  /** Microseconds of CPU time since the meter began; includes processes that have exited. */
  cpu: amount,
  /** Bytes in memory; a page that several processes share counts for each of them. */
  resident: amount,
  /** Open descriptors; null if the caller may not count them. */
  descriptors: is.nullable(count),
  /**
   * Denials and warnings of today on this host, each repeat counted; null if no agent counts them.
   */
  events: is.nullable(count),
});

export type DomainReading = is.Described<typeof domainReading>;

/** The schema of the session server's answer, for server and client. */
export const reading = is.object({
  /** Wall clock, ISO 8601. */
  time: text,
  /** Seconds on the monotonic clock. */
  seconds: amount,
  /**
   * Identifies the meter. CPU times of two readings can be subtracted only if they are of one
   * meter.
   */
  meter: text,
  host: hostReading,
  /** Why events and domains without processes are unknown; null if the agent answered. */
  agent: is.nullable(text),
  /**
   * Denials and warnings of today on this host, as `status` counts them. Includes domains that are
   * not listed. null if no agent counts them.
   */
  events: is.optional(is.nullable(count)),
  /** `superDom` first, then by number; domains of ordinary users, which have no number, last. */
  domains: is.list(domainReading),
});

/**
 * What a host's domains use at one moment. Counters only grow, so two readings of one meter give
 * the rates between them.
 */
export type Reading = is.Described<typeof reading>;
