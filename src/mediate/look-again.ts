import { readFileSync } from "node:fs";
import { CLOCK_MONOTONIC } from "../kernel/constants.ts";
import { abi, E, POLLIN } from "./abi.ts";
import type { Call } from "./call.ts";
import { LOOK_MS, LOOK_MS_MAX } from "./limits.ts";
import { error, type Outcome } from "./outcome.ts";
import { sendTimeout, type TargetSocket } from "./socket.ts";
import { sys } from "./sys.ts";

/**
 * `include/linux/errno.h`: on its way back to user space, with a signal pending, the kernel makes the call anew or EINTR of it, as the handler's SA_RESTART
 * says. Only for a thread that has such a signal: nobody else's would be taken away.
 */
const ERESTARTSYS = 512;

/** What the kernel says of a call that waited when a signal comes: begun anew where its handler says so. */
export const RESTARTED: Outcome = error(ERESTARTSYS);

/**
 * A call that waits for something no descriptor tells of: it stays unanswered, and `look` is asked again and again, after pauses that grow with the time it has waited, until it has an
 * answer. A signal ends it with `interrupted`, as it ends the kernel's own waiting.
 */
export function lookAgain(call: Call, look: () => Outcome | null, interrupted: Outcome): Outcome {
  const timer = call.target.keep(sys("timerfd_create", CLOCK_MONOTONIC, abi.O_CLOEXEC | abi.O_NONBLOCK));
  if (timer < 0) return error(-timer);
  let pause = LOOK_MS;
  const again = (): Outcome => {
    ring(timer, pause);
    pause = Math.min(2 * pause, LOOK_MS_MAX);
    return { kind: "pending", fd: timer, events: POLLIN, resume };
  };
  const resume = (): Outcome => look() ?? (isInterrupted(call) ? interrupted : again());
  return again();
}

/** The same for a socket's peer that has no room: for as long as SO_SNDTIMEO says (socket(7)); where it says nothing, a signal begins the call anew. */
export function untilTimeout(call: Call, { fd }: TargetSocket, attempt: () => Outcome | null): Outcome {
  const timeout = sendTimeout(fd);
  const until = performance.now() + timeout;
  const look = (): Outcome | null => attempt() ?? (performance.now() < until ? null : error(E.AGAIN));
  return lookAgain(call, look, timeout === Number.POSITIVE_INFINITY ? RESTARTED : error(E.INTR));
}

/** struct itimerspec (timerfd_create(2)): once, in so many milliseconds. What it rang for before is forgotten. */
function ring(timer: number, milliseconds: number): void {
  const once = Buffer.alloc(32);
  once.writeBigInt64LE(BigInt(milliseconds) * 1_000_000n, 24);
  sys("timerfd_settime", timer, 0, once, null);
}

/**
 * A signal waits that only this thread can take: one of its own, or one of its process where that has no other thread. Another thread might take one of the process's at this
 * moment, and then this one would see the kernel's own number for it.
 */
function isInterrupted(call: Call): boolean {
  let text: string;
  try {
    text = readFileSync(`/proc/${call.target.tid}/status`, "latin1");
  } catch {
    // Gone, as the check will say.
    text = "";
  }
  call.check();
  const set = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^${name}:\t([0-9a-f]+)$`, "m").exec(text)?.[1] ?? "0"}`);
  const ofProcess = /^Threads:\t1$/m.test(text) ? set("ShdPnd") : 0n;
  return ((set("SigPnd") | ofProcess) & ~set("SigBlk")) !== 0n;
}
