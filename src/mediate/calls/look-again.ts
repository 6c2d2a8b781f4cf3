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
 * The kernel's result for a waiting call that a signal interrupts: restarted if the handler has
 * SA_RESTART, otherwise EINTR. Only for a thread that has such a signal; any other would see the
 * number itself.
 */
export const RESTARTED: Outcome = error(E.RESTARTSYS);

interface Looking {
  /** Returns null to be called again later, or `more` after progress, which resets the pause. */
  readonly look: () => Outcome | "more" | null;
  readonly interrupted: () => Outcome;
  /**
   * A socket that ends a pause early when it comes to have room. A socket that always has room
   * causes no wake-ups.
   */
  readonly socket?: number;
  /** An unsuccessful attempt itself makes the socket report room; that wake-up is ignored. */
  readonly echoes?: boolean;
}

/**
 * A call that waits for something that no descriptor reports, or not reliably. It stays unanswered,
 * and `look` is called until it returns an answer, after pauses that grow. A signal ends the
 * waiting, as it would in the kernel.
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
 * {@link lookAgain} for a socket whose peer has no room, limited by SO_SNDTIMEO (socket(7)).
 * Without a timeout, a signal restarts the call. `part`: the answer if some of the work has been
 * done.
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

interface Attempts extends Pick<Looking, "socket" | "echoes"> {
  readonly attempt: Looking["look"];
  readonly part?: () => Outcome | null;
}

/** An epoll of descriptors with their events, or a negated error number. */
export function watched(...all: readonly (readonly [fd: number, events: number])[]): number {
  const epoll = sys("epoll_create1", abi.EPOLL_CLOEXEC);
  if (epoll < 0) return epoll;
  const failed = Math.min(...all.map(([fd, events]) => watch(epoll, fd, events)));
  if (failed >= 0) return epoll;
  close(epoll);
  return failed;
}

function hear(bell: number, timer: number): void {
  if (bell !== timer) quick.epollWait(bell, told, TOLD_MAX, 0);
}

/** Events of one look: of both descriptors. */
const TOLD_MAX = 2;
const told = Buffer.alloc(epollEvent.size * TOLD_MAX);

function watch(epoll: number, fd: number, events: number): number {
  const event = epollEvent.encode({ events: events >>> 0 });
  return sys("epoll_ctl", epoll, abi.EPOLL_CTL_ADD, fd, event);
}

/**
 * Whether a signal is pending that only this thread can take: one of its own, or one of its process
 * if that has no other thread. Otherwise another thread might take the signal now, and this one
 * would see the kernel's internal number ({@link RESTARTED}).
 */
export function isInterrupted(call: Call): boolean {
  let text: string;
  try {
    text = readFileSync(`/proc/${call.target.tid}/status`, "latin1");
  } catch {
    // The thread is gone, which the check below reports.
    text = "";
  }
  call.check();
  const set = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^${name}:\t([0-9a-f]+)$`, "m").exec(text)?.[1] ?? "0"}`);
  const ofProcess = /^Threads:\t1$/m.test(text) ? set("ShdPnd") : 0n;
  return ((set("SigPnd") | ofProcess) & ~set("SigBlk")) !== 0n;
}
