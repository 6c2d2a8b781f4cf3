import type { Level, Mediation } from "../../model/policy.ts";

/**
 * What a host's domains use at one moment. Counters only grow, so that whoever has two readings of
 * one meter has the rates between them.
 */
export interface Reading {
  /** Wall clock, ISO 8601. */
  readonly time: string;
  /** Seconds of a clock that nobody sets. */
  readonly seconds: number;
  /**
   * Names the counters of CPU time: of two readings with different names none can be taken from the
   * other.
   */
  readonly meter: string;
  readonly host: HostReading;
  /**
   * Why nobody counts events and knows of domains in which nothing runs; null where the agent
   * answered.
   */
  readonly agent: string | null;
  /** `superDom` first, then by number; those of ordinary users, who have none, last. */
  readonly domains: readonly DomainReading[];
}

export interface HostReading {
  readonly name: string;
  /** Seconds since boot. */
  readonly uptime: number;
  readonly processors: number;
  /** Of the last 1, 5 and 15 minutes. */
  readonly load: readonly number[];
  /** Bytes. */
  readonly memory: number;
  readonly available: number;
}

export interface DomainReading {
  readonly name: string;
  /**
   * null for what is no domain of the host (an ordinary user's, a policy file from elsewhere);
   * those of one name are one.
   */
  readonly number: number | null;
  /** In force for new starts; null for `superDom`, and where nobody knows. */
  readonly level: Level | null;
  /** How what runs is held; null where nothing runs, or no record tells. */
  readonly mode: Mediation | "mixed" | null;
  readonly processes: number;
  /** Microseconds of CPU time since the meter began, ended processes included. */
  readonly cpu: number;
  /** Bytes in memory; pages that processes share count once for each of them. */
  readonly resident: number;
  /** Open descriptors; null where the caller may not count them. */
  readonly descriptors: number | null;
  /** Denials and warnings of the host's day, repeats counted; null where nobody counts them. */
  readonly events: number | null;
}
