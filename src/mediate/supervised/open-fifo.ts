import { CLOCK_MONOTONIC, ENXIO, F_DUPFD_CLOEXEC, F_SETFL, SPLICE_F_NONBLOCK } from "../../kernel/constants.ts";
import type { Policy } from "../../model/policy.ts";
import { abi, E, POLLIN } from "../abi.ts";
import type { Call } from "../call.ts";
import { accesses, type OpenArguments } from "../handlers/open-arguments.ts";
import { error, type Outcome } from "../outcome.ts";
import { canonical, type Place } from "../place.ts";
import { close, sys } from "../sys.ts";
import { lacking } from "./lacking.ts";
import { FIFO_LOOK_MS } from "./limits.ts";
import { type Opened, openShown, settle } from "./open-object.ts";

/**
 * A FIFO (fifo(7)): opened without waiting. Where the target wants to wait for the other end, the call stays unanswered, and every few milliseconds it is looked whether
 * somebody has come. The reading end is held open meanwhile, so that a writer finds it.
 */
export function openFifo(call: Call, asked: OpenArguments, object: Opened, place: Place | null): Outcome {
  const { policy } = call.broker;
  const flags = (asked.flags & ~(abi.O_CREAT | abi.O_EXCL | abi.O_NOFOLLOW)) | abi.O_NONBLOCK;
  const open = (): number => call.asTarget(() => call.effect(() => openShown(asked, object, place, flags)));
  const fd = open();
  const waits = (asked.flags & (abi.O_NONBLOCK | abi.O_PATH)) === 0;
  const mode = asked.flags & abi.O_ACCMODE;
  if (waits && fd === -ENXIO && mode === abi.O_WRONLY)
    return until(call, open, (writer) => stillGranted(call, asked, object, policy, writer));
  if (fd < 0 || !waits || mode !== 0) return given(call, asked, fd);
  if (hasWriter(fd)) return given(call, asked, fd);
  call.target.keep(fd);
  return until(
    call,
    () => (hasWriter(fd) ? 0 : -ENXIO),
    () => stillGranted(call, asked, object, policy, sys("fcntl", fd, F_DUPFD_CLOEXEC, 0)),
  );
}

/** While it waited the policy may have become another one: then it is judged again, by the name that the FIFO has now. */
function stillGranted(call: Call, asked: OpenArguments, object: Opened, judgedBy: Policy, fd: number): Outcome {
  const name = canonical(object.fd);
  const refused =
    call.broker.policy === judgedBy
      ? null
      : typeof name === "number"
        ? error(name)
        : lacking(call, name, accesses(asked.flags));
  if (refused === null) return given(call, asked, fd);
  if (fd >= 0) close(fd);
  return refused;
}

/** Asks again on every tick until the answer is another than ENXIO. */
function until(call: Call, attempt: () => number, done: (fd: number) => Outcome): Outcome {
  const timer = call.target.keep(sys("timerfd_create", CLOCK_MONOTONIC, abi.O_CLOEXEC | abi.O_NONBLOCK));
  if (timer < 0) return error(-timer);
  const every = Buffer.alloc(32);
  every.writeBigInt64LE(BigInt(FIFO_LOOK_MS) * 1_000_000n, 8);
  every.writeBigInt64LE(BigInt(FIFO_LOOK_MS) * 1_000_000n, 24);
  sys("timerfd_settime", timer, 0, every, null);
  const ticks = Buffer.alloc(8);
  const resume = (): Outcome => {
    sys("read", timer, ticks, ticks.length);
    call.check();
    const fd = attempt();
    return fd === -ENXIO ? { kind: "pending", fd: timer, events: POLLIN, resume } : done(fd);
  };
  return { kind: "pending", fd: timer, events: POLLIN, resume };
}

/** Looks without taking anything: tee(2) finds data, or a writer (EAGAIN), or the end (0). */
function hasWriter(reader: number): boolean {
  const ends = Buffer.alloc(8);
  if (sys("pipe2", ends, abi.O_CLOEXEC | abi.O_NONBLOCK) < 0) return true;
  const [out, into] = [ends.readInt32LE(0), ends.readInt32LE(4)];
  const found = sys("tee", reader, into, 1, SPLICE_F_NONBLOCK);
  close(out);
  close(into);
  return found > 0 || found === -E.AGAIN;
}

/** The target did not ask for O_NONBLOCK if it wanted to wait. */
function given(call: Call, asked: OpenArguments, fd: number): Outcome {
  if (fd >= 0 && (asked.flags & (abi.O_NONBLOCK | abi.O_PATH)) === 0) sys("fcntl", fd, F_SETFL, asked.flags & KEPT);
  return settle(call, { ...asked, flags: asked.flags | abi.O_NONBLOCK }, fd);
}

/** O_APPEND, O_DIRECT, O_NOATIME: what F_SETFL may set beside O_NONBLOCK. */
const KEPT = 0o2000 | 0o40000 | 0o1000000;
