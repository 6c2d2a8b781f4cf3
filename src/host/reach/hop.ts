import type { Level, Policy } from "../../model/policy.ts";
import type { Source } from "../../model/rule.ts";

/**
 * What a break-in into one domain can do to another, strongest first. `code`: it decides what the
 * other one runs. `data`: it decides what the other one reads, which is no code yet. `talk`: they
 * exchange messages. `stop`: it can end the other one, or take away its files.
 */
export const controls = ["code", "data", "talk", "stop"] as const;
export type Control = (typeof controls)[number];

/** The processes that are in no domain: the service manager, cron, logins, and all others. */
export const OUTSIDE = "superDom";

/** A domain as this host has it. */
export interface ReachDomain {
  readonly name: string;
  /** In force now. Only a domain at enforcing is held. */
  readonly level: Level;
  /** On this host's canonical names, without what every domain is denied. */
  readonly policy: Policy;
}

/** One way from a domain to another. */
export interface Way {
  readonly control: Control;
  /** A sentence without its subject, which is the domain that was broken into. */
  readonly how: string;
  /** A name, or an address with its port, for which the way is open; null if there is none. */
  readonly witness: string | null;
  /** The witness is a name of this host now. */
  readonly exists: boolean;
  /** The grant of the domain that was broken into. */
  readonly mine: Source | null;
  /** The other one's grant; null if it needs none. */
  readonly theirs: Source | null;
}
