import { abi, E } from "../abi.ts";
import type { Broker } from "../broker.ts";
import type { Call } from "../call.ts";
import { CONTINUE, type Outcome, unable } from "../outcome.ts";
import { canonical } from "../place.ts";
import { close, fstat, openat, type Stat, sameObject, shown, sys } from "../sys.ts";
import { EXECS_PENDING_MAX } from "./limits.ts";
import { fieldOf } from "./named-processes.ts";

interface Expected {
  /** The thread that asked. */
  readonly tid: number;
  /** Clock ticks since boot at which the process began: its number may be another's by now. */
  readonly start: number;
  readonly before: Stat;
  readonly after: Stat;
}

const SIGKILL = 9;
const ofBroker = new WeakMap<Broker, Execs>();

export function execs(broker: Broker): Execs {
  const known = ofBroker.get(broker) ?? new Execs();
  ofBroker.set(broker, known);
  return known;
}

/**
 * Programs that were judged and left to the kernel, which reads their paths again. At the process's next call its executable must be the one that was judged, or still the one
 * before; anything else ends it. Until that call a program that won the race may compute and use the descriptors it inherited.
 */
class Execs {
  readonly #pending = new Map<number, Expected>();

  announce(call: Call, after: Stat): Outcome {
    const { tgid } = call.target.credentials;
    const before = executable(tgid);
    const start = fieldOf(tgid, "start");
    if (this.#pending.size >= EXECS_PENDING_MAX) this.#tidy();
    if (before === null || this.#pending.size >= EXECS_PENDING_MAX)
      return unable(E.AGAIN, call.name, "too many programs are being executed");
    call.check();
    this.#pending.set(tgid, { tid: call.target.tid, start, before: before.stat, after });
    return CONTINUE;
  }

  /** null when the caller is what it should be. */
  verify(call: Call): Outcome | null {
    if (this.#pending.size === 0) return null;
    const { tgid } = call.target.credentials;
    const expected = this.#pending.get(tgid);
    const found = expected === undefined ? null : executable(tgid);
    if (expected === undefined || found === null) return null;
    const unchanged = sameObject(found.stat, expected.before);
    // Another thread may ask while the kernel still works on it.
    if (unchanged && !sameObject(expected.before, expected.after) && call.target.tid !== expected.tid) return null;
    this.#pending.delete(tgid);
    if (unchanged || sameObject(found.stat, expected.after) || fieldOf(tgid, "start") !== expected.start) return null;
    end(tgid);
    return unable(E.ACCES, "execute", `${found.name}: not the program that was judged; the process was ended`);
  }

  /** Forgets those that ended, or that have become what they should. */
  #tidy(): void {
    for (const [tgid, { after }] of this.#pending) {
      const found = executable(tgid);
      if (found === null || sameObject(found.stat, after)) this.#pending.delete(tgid);
    }
  }
}

function executable(tgid: number): { stat: Stat; name: string } | null {
  const fd = openat(abi.AT_FDCWD, `/proc/${tgid}/exe`, abi.O_PATH);
  if (fd < 0) return null;
  const [stat, name] = [fstat(fd), canonical(fd)];
  close(fd);
  return typeof stat === "number" ? null : { stat, name: typeof name === "number" ? "a removed file" : shown(name) };
}

function end(tgid: number): void {
  const pidfd = sys("pidfd_open", tgid, 0);
  if (pidfd < 0) return;
  sys("pidfd_send_signal", pidfd, SIGKILL, null, 0);
  close(pidfd);
}
