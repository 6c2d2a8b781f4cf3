import { decide } from "../model/decide.ts";
import type { Policy } from "../model/policy.ts";
import type { Request } from "../model/request.ts";
import type { Source } from "../model/rule.ts";

/** What a domain asked for and its policy does not grant, as often as the log tells it. */
export interface Need {
  readonly request: Request;
  readonly count: number;
  /** ISO 8601. */
  readonly first: string;
  readonly last: string;
  /** That asked: their executables, or in brackets the kernel's short names of them. */
  readonly programs: readonly string[];
  /** Processes that asked, as far as the log names them. */
  readonly pids: readonly number[];
  /** Id of the newest event about it. */
  readonly event?: string;
  /** Of a capability: what it was needed for, as far as the log tells it. */
  readonly purposes?: readonly string[];
}

/** Why no line of a policy can help. */
export type Beyond = "own-object" | "rule";

export interface Sorted {
  /** No rule grants these. */
  readonly lacking: readonly Need[];
  /** Since the event the policy grants these. */
  readonly granted: readonly Need[];
  /** A rule denies these, or they are Cofferdam's own objects. */
  readonly beyond: readonly Refused[];
}

/** `by`: the `deny` rule; null for Cofferdam's own objects. */
export interface Refused {
  readonly need: Need;
  readonly reason: Beyond;
  readonly by: Source | null;
}

/** What of the needs the policy answers now. */
export function sortNeeds(policy: Policy, needs: readonly Need[]): Sorted {
  const lacking: Need[] = [];
  const granted: Need[] = [];
  const beyond: Refused[] = [];
  for (const need of needs) {
    const answer = decide(policy, need.request);
    if (answer.outcome === "granted") granted.push(need);
    else if (answer.reason === "own-object" || answer.reason === "rule")
      beyond.push({ need, reason: answer.reason, by: answer.by });
    else lacking.push(need);
  }
  return { lacking, granted, beyond };
}
