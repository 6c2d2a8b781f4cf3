import type { Level } from "../model/policy.ts";
import type { DenialReason } from "../model/verdict.ts";
import type { LoggedRequest } from "./logged-request.ts";

/** Something that happened to a domain. One JSON line each in the log; text form in `render.ts`. */
export interface Event {
  readonly v: 1;
  /** Unique on this host: time in nanoseconds, process id of the writer, counter, joined by `-`. */
  readonly id: string;
  /** Wall clock, ISO 8601 with milliseconds, UTC. */
  readonly time: string;
  /** CLOCK_MONOTONIC in nanoseconds, decimal. */
  readonly monotonic: string;
  readonly domain: string;
  /** The domain's number on this host, where it has one. */
  readonly number: number | null;
  /** In force when it happened. */
  readonly level: Level;
  readonly engine: "landlock";
  /** `log`: the event log, of itself. */
  readonly source: "broker" | "kernel" | "agent" | "log";
  /**
   * `denied`: outside the domain, refused. `warning`: outside the domain, granted because of the
   * level. `noted`: granted, and it changes what can be seen of the domain. `failed`: Cofferdam
   * could not do or see something. `audit`: a change that an auditor must see (a level, a policy);
   * never folded.
   */
  readonly verdict: "denied" | "warning" | "noted" | "failed" | "audit";
  /**
   * `name`, `address`, `socket`, `syscall`, ... as in `model/request.ts`; `lifecycle` for
   * Cofferdam's own.
   */
  readonly class: string;
  readonly operation: string;
  /** Path, address, system call, ... as a person would write it. */
  readonly object: string;
  /**
   * What was asked, as `decide()` takes it. null: no rule of a policy is about it, or the kernel
   * reported only a part of it. undefined: the record is older than this member, which every writer
   * fills.
   */
  readonly request: LoggedRequest | null | undefined;
  readonly process: EventProcess;
  /** Text of the rule that decided, or null. */
  readonly rule: string | null;
  /**
   * `mediator`: it could not do it. `never`: no sealed domain may. `host`: the policy grants it,
   * and this host cannot hold it.
   */
  readonly reason: DenialReason | "rule" | "mediator" | "never" | "host" | null;
  /**
   * The policy section and line that would have allowed it, as it can be pasted; null where no
   * single line is the narrowest, and where nothing can.
   */
  readonly allow: { readonly section: string; readonly line: string } | null;
  /** What to do, in a sentence, where `allow` cannot say it. */
  readonly help?: string;
  /**
   * For how many times this record stands. Repeats are told now and then in one record, so that
   * counts of records of a kind add up.
   */
  readonly count: number;
  /**
   * When the first of `count` happened, like `time` (the last one); absent where that is `time`.
   */
  readonly first?: string;
  /** For `audit`: user id and name of the peer that gave the order. */
  readonly by?: { readonly uid: number; readonly name: string | null };
  /**
   * Of a super shell. `object` is its command, letter by letter: what that looks like is no matter
   * here.
   */
  readonly supershell?: SupershellUse;
}

/** One use of `supershell`, or what would have been one. */
export interface SupershellUse {
  readonly phase: "started" | "ended" | "refused";
  /** Without a command; `object` says so in words. */
  readonly session: boolean;
  /** Where it was typed, and from where that is reached, as the kernel has it. */
  readonly terminal: string | null;
  readonly origin: string | null;
  /** What the user gave as one. */
  readonly reason: string | null;
  /** Of one that was refused: why. */
  readonly why?: string;
  /** Of one that has ended. */
  readonly status?: number;
  readonly seconds?: number;
}

export interface EventProcess {
  readonly pid: number;
  readonly uid: number | null;
  readonly comm: string | null;
  readonly executable: string | null;
}
