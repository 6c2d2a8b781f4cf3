import { existsSync, readdirSync } from "node:fs";
import { SIGKILL } from "../../../kernel/constants.ts";
import { CONTINUE, type Outcome, unable } from "../../answer/outcome.ts";
import type { Broker } from "../../domain/broker.ts";
import { EXECS_PENDING_MAX } from "../../domain/limits.ts";
import { E } from "../../sys/abi.ts";
import { close, type Stat, sameObject, sys } from "../../sys/sys.ts";
import type { Threads } from "../../target/threads.ts";
import type { Call } from "../call.ts";
import { fieldOf } from "../processes/named-processes.ts";
import {
  type Executable,
  executableOf,
  executableOfProcess,
  Programs,
  spellExecutable,
} from "./programs.ts";

interface Expected {
  /** The thread that asked. */
  readonly tid: number;
  /** Clock ticks since boot at which the process began: its number may be another's by now. */
  readonly start: number;
  readonly before: Stat;
  /** null where a worker judges: then any program of the domain's will do. */
  readonly after: Stat | null;
}

const ofBroker = new WeakMap<Broker, Execs>();

export function execs(broker: Broker): Execs {
  const known = ofBroker.get(broker) ?? new Execs();
  ofBroker.set(broker, known);
  return known;
}

/**
 * Programs that were judged and left to the kernel, which reads their paths again. At the process's
 * next call its executable must be the one that was judged, or still the one before; and whoever
 * asks for the first time must execute a program of the domain's, since a program that won the race
 * may fork, which nobody is asked about. Anything else ends the process. Until that call it may
 * compute and use the descriptors it inherited.
 */
class Execs {
  readonly #pending = new Map<number, Expected>();
  readonly #programs = new Programs();
  /** Processes that executed something while nobody judged it, last ones last. */
  readonly #unjudged = new Set<number>();
  /**
   * Programs may run that nobody judged: at the beginning, and after a level that lets everything
   * go on.
   */
  #open = true;

  /** `after`: null where a worker of this mediator's will judge. */
  announce(call: Call, after: Stat | null): Outcome {
    // A worker sees few of the calls; the mediator compares.
    if (call.broker.mayWait) return letGoOn(call);
    const { tgid } = call.target.credentials;
    const before = executableOf(call);
    const start = fieldOf(tgid, "start");
    if (this.#pending.size >= EXECS_PENDING_MAX) this.#tidy(call.broker.threads);
    if (before === null || this.#pending.size >= EXECS_PENDING_MAX)
      return unable(E.AGAIN, call.name, "too many programs are being executed");
    call.check();
    if (after !== null) this.#programs.add(after);
    this.#unjudged.delete(tgid);
    this.#pending.set(tgid, { tid: call.target.tid, start, before: before.stat, after });
    return CONTINUE;
  }

  /** A call at a level that lets everything go on. */
  letsEverything(call: Call, executes: boolean): void {
    this.#open = true;
    if (!executes) return;
    const { tgid } = call.target.credentials;
    this.#pending.delete(tgid);
    this.#unjudged.delete(tgid);
    this.#unjudged.add(tgid);
    for (const oldest of this.#unjudged) {
      if (this.#unjudged.size <= EXECS_PENDING_MAX) break;
      this.#unjudged.delete(oldest);
    }
  }

  /** null when the caller is what it should be. */
  verify(call: Call): Outcome | null {
    if (call.broker.mayWait) return null;
    if (this.#open) this.#programs.takeStock(call);
    this.#open = false;
    const { tgid } = call.target.credentials;
    const expected = this.#pending.get(tgid);
    const { thread } = call.target;
    if (expected === undefined && thread.verified) return null;
    const found = executableOf(call);
    if (found === null) return null;
    if (expected !== undefined && fieldOf(tgid, "start") === expected.start) {
      if (isUnderWay(call, expected, found)) return null;
      this.#pending.delete(tgid);
      if (!isAsExpected(expected, found)) return ended(tgid, found);
    }
    if (this.#programs.has(call, found) || this.#unjudged.delete(tgid)) {
      this.#programs.add(found.stat);
      thread.verified = true;
      return null;
    }
    return ended(tgid, found);
  }

  /**
   * Forgets those that ended or have become what they should, and of those that may have no need to
   * ask again (their program is the one before, or they failed) whoever has one thread: at its next
   * call it must execute a program of the domain's, as who asks for the first time. Of several one
   * could ask, and be believed, while another still executes.
   */
  #tidy(threads: Threads): void {
    for (const [tgid, { before, after }] of this.#pending) {
      const found = executableOfProcess(tgid);
      const isOver =
        found !== null &&
        after !== null &&
        !sameObject(before, after) &&
        sameObject(found.stat, after);
      const count = threadsOf(tgid);
      if (!isOver && count > 1) continue;
      this.#pending.delete(tgid);
      if (!isOver) threads.doubt(tgid);
    }
  }
}

/** 0 for a process that is gone. */
function threadsOf(tgid: number): number {
  try {
    return readdirSync(`/proc/${tgid}/task`).length;
  } catch {
    return 0;
  }
}

function letGoOn(call: Call): Outcome {
  call.check();
  return CONTINUE;
}

/**
 * Another thread may ask while the kernel still works on it. Once it has come to its end the thread
 * that asked is the only one, and has the process's own number; where it failed, that thread goes
 * on asking.
 */
function isUnderWay(call: Call, { tid, before }: Expected, found: Executable): boolean {
  if (!sameObject(found.stat, before) || call.target.tid === tid) return false;
  return existsSync(`/proc/${call.target.credentials.tgid}/task/${tid}`);
}

function isAsExpected({ before, after }: Expected, { stat }: Executable): boolean {
  return after === null || sameObject(stat, before) || sameObject(stat, after);
}

function ended(tgid: number, found: Executable): Outcome {
  end(tgid);
  const object = `${spellExecutable(found)}: not the program that was judged; the process was ended`;
  return unable(E.ACCES, "execute", object);
}

function end(tgid: number): void {
  const pidfd = sys("pidfd_open", tgid, 0);
  if (pidfd < 0) return;
  sys("pidfd_send_signal", pidfd, SIGKILL, null, 0);
  close(pidfd);
}
