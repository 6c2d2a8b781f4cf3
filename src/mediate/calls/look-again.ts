import { readFileSync } from "node:fs";
import { EPOLLET } from "../../kernel/constants.ts";
import { quick } from "../../kernel/quick.ts";
import { epollEvent } from "../../kernel/structs.ts";
import { error, type Outcome } from "../answer/outcome.ts";
import { LOOK_MS, LOOK_MS_MAX } from "../limits.ts";
import { abi, E, POLLIN, POLLOUT } from "../sys/abi.ts";
import { errnoOf } from "../sys/errno.ts";
import { close, sys } from "../sys/sys.ts";
import { makeTimer, ring } from "../sys/timer.ts";
import type { Call } from "./call.ts";
import { sendTimeout, type TargetSocket } from "./sockets/socket.ts";

/**
 * What the kernel says of a call that waited when a signal comes: begun anew where the handler has
 * SA_RESTART, else EINTR. Only for a thread that has such a signal: it would see the number itself.
 */
export const RESTARTED: Outcome = error(E.RESTARTSYS);

/** What is looked for. */
interface Looking {
  /** null: not yet; `more`: somewhat, and the pauses begin anew. */
  readonly look: () => Outcome | "more" | null;
  /** What a signal makes of it. */
  readonly interrupted: () => Outcome;
  /**
   * A socket that, when there is room in it, ends a pause early: when there comes to be room, so
   * that one which always has some keeps nobody busy.
   */
  readonly socket?: number;
  /**
   * A look that finds none gives back room itself, which the socket tells of: that wakes nobody.
   */
  readonly echoes?: boolean;
}

/**
 * A call that waits for what no descriptor tells of, or not reliably: it stays unanswered, and
 * `look` is asked again and again, after pauses that grow with the time it has waited, until it has
 * an answer. A signal ends it, as it ends the kernel's own waiting.
 */
export function lookAgain(
  call: Call,
  { look, interrupted, socket, echoes = false }: Looking,
): Outcome {
  const timer = call.target.keep(makeTimer());
  const bell =
    socket === undefined || timer < 0
      ? timer
      : call.target.keep(watched([timer, POLLIN], [socket, POLLOUT | EPOLLET]));
  if (bell < 0) return error(errnoOf(bell));
  let pause = LOOK_MS;
  const again = (): Outcome => {
    ring(timer, pause);
    pause = Math.min(2 * pause, LOOK_MS_MAX);
    return { kind: "pending", fd: bell, events: POLLIN, resume };
  };
  const resume = (): Outcome => {
    if (!echoes) hear(bell, timer);
    const found = call.target.givingBack(look);
    if (echoes) hear(bell, timer);
    if (found === "more") pause = LOOK_MS;
    else if (found !== null) return found;
    return isInterrupted(call) ? interrupted() : again();
  };
  return again();
}

/**
 * The same for a socket whose peer has no room: for as long as SO_SNDTIMEO says (socket(7)); where
 * it says nothing, a signal begins the call anew. `part`: what to answer where some of it was done
 * already.
 */
export function untilTimeout(
  call: Call,
  { fd }: TargetSocket,
  { attempt, part = () => null, ...room }: Attempts,
): Outcome {
  const timeout = sendTimeout(fd);
  let until = performance.now() + timeout;
  const look = (): Outcome | "more" | null => {
    const found = attempt();
    if (found === "more") until = performance.now() + timeout;
    return found ?? (performance.now() < until ? null : (part() ?? error(E.AGAIN)));
  };
  const signalled = timeout === Number.POSITIVE_INFINITY ? RESTARTED : error(E.INTR);
  return lookAgain(call, { look, interrupted: () => part() ?? signalled, ...room });
}

/** Tries on a socket. */
interface Attempts extends Pick<Looking, "socket" | "echoes"> {
  readonly attempt: Looking["look"];
  readonly part?: () => Outcome | null;
}

/** An epoll of descriptors, each with its events; or a negated error number. */
export function watched(...all: readonly (readonly [fd: number, events: number])[]): number {
  const epoll = sys("epoll_create1", abi.EPOLL_CLOEXEC);
  if (epoll < 0) return epoll;
  const failed = Math.min(...all.map(([fd, events]) => watch(epoll, fd, events)));
  if (failed >= 0) return epoll;
  close(epoll);
  return failed;
}

/** Takes what has been told. */
function hear(bell: number, timer: number): void {
  if (bell !== timer) quick.epollWait(bell, told, TOLD_MAX, 0);
}

/** Both may have come. */
const TOLD_MAX = 2;
const told = Buffer.alloc(epollEvent.size * TOLD_MAX);

function watch(epoll: number, fd: number, events: number): number {
  const event = epollEvent.encode({ events: events >>> 0 });
  return sys("epoll_ctl", epoll, abi.EPOLL_CTL_ADD, fd, event);
}

/**
 * A signal waits that only this thread can take: one of its own, or one of its process where that
 * has no other thread. Another thread might take one of the process's at this moment, and then this
 * one would see the kernel's own number for it.
 */
export function isInterrupted(call: Call): boolean {
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
