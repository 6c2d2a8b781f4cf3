import type { Engine } from "../model/engines/engine.ts";
import type { Level } from "../model/policy.ts";
import type { DenialReason } from "../model/verdict.ts";
import type { LoggedRequest } from "./logged-request.ts";

/** One JSON line each in the log; text form in `render.ts`. */
export interface Event {
  readonly v: 1;
  /** Unique on this host: time in nanoseconds, process id of the writer, counter, joined by `-`. */
  readonly id: string;
  /** Wall clock, ISO 8601 with milliseconds, UTC. */
  readonly time: string;
  /** CLOCK_MONOTONIC in nanoseconds, decimal. */
  readonly monotonic: string;
  readonly domain: string;
  readonly number: number | null;
  readonly level: Level;
  readonly engine: Engine;
  /** `log`: the event log, about itself. */
  readonly source: "broker" | "kernel" | "agent" | "log";
  /**
   * `denied`: outside the domain, refused. `warning`: outside the domain, granted because of the
   * level. `noted`: granted, and changes what can be observed of the domain; or a change of the
   * host that a sealed domain does not follow. `failed`: Cofferdam could not do or observe
   * something. `audit`: a change that an auditor must see (a level, a policy); never folded.
   */
  readonly verdict: "denied" | "warning" | "noted" | "failed" | "audit";
  /**
   * `name`, `address`, `socket`, `syscall`, ... as in `model/request.ts`; `lifecycle` for
   * Cofferdam's own events; `drift` (`drift-event.ts`).
   */
  readonly class: string;
  readonly operation: string;
  /** Path, address, system call, ... in words. */
  readonly object: string;
  /**
   * The request, as `decide()` takes it. null: no rule concerns it, or the kernel reported only a
   * part of it. undefined: the record is older than this member.
   */
  readonly request: LoggedRequest | null | undefined;
  readonly process: EventProcess;
  /** Text of the rule that decided, or null. */
  readonly rule: string | null;
  /**
   * `mediator`: it could not make the call. `never`: no policy can grant it. `host`: the policy
   * grants it, and this host cannot enforce it. `granted-now`: the policy grants it when the event
   * is read; the one by which the kernel decided did not.
   */
  readonly reason: DenialReason | "rule" | "mediator" | "host" | "granted-now" | null;
  /**
   * The policy section and line that would have allowed it, as it can be pasted; null if no single
   * line is the narrowest, or none can.
   */
  readonly allow: { readonly section: string; readonly line: string } | null;
  /** What to do, in a sentence, if `allow` cannot say it. */
  readonly help?: string;
  /**
   * The number of occurrences. Repeats are summed up in further records, so that the counts of all
   * records of a kind add up.
   */
  readonly count: number;
  /** When the first of `count` happened; `time` is the last. Absent if both are equal. */
  readonly first?: string;
  /** For `audit`: user id and name of the peer that gave the order. */
  readonly by?: { readonly uid: number; readonly name: string | null };
  /** Of a super shell, whose command is in `object`, verbatim. */
  readonly supershell?: SupershellUse;
}

/** A use or a refused use of `supershell`. */
export interface SupershellUse {
  readonly phase: "started" | "ended" | "refused";
  /** Without a command; `object` says so in words. */
  readonly session: boolean;
  /** The terminal where it was typed, and from where it is reached, according to the kernel. */
  readonly terminal: string | null;
  readonly origin: string | null;
  /** As given by the user. */
  readonly reason: string | null;
  /** Why it was refused. */
  readonly why?: string;
  /** Of a use that has ended. */
  readonly status?: number;
  readonly seconds?: number;
}

export interface EventProcess {
  readonly pid: number;
  readonly uid: number | null;
  readonly comm: string | null;
  readonly executable: string | null;
}
