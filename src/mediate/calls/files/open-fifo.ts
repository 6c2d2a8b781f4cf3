import {
  ENXIO,
  F_DUPFD_CLOEXEC,
  F_SETFL,
  O_APPEND,
  O_DIRECT,
  O_NOATIME,
  SPLICE_F_NONBLOCK,
} from "../../../kernel/constants.ts";
import type { Policy } from "../../../model/policy.ts";
import { error, type Outcome } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { close, pipe, sys } from "../../sys/sys.ts";
import { canonical, type Place } from "../../walk/place.ts";
import type { Call } from "../call.ts";
import { lookAgain, RESTARTED } from "../look-again.ts";
import { lacking } from "./lacking.ts";
import { accesses, type OpenArguments } from "./open-arguments.ts";
import { type Opened, openShown, settle } from "./opened.ts";

/**
 * Opens a FIFO (fifo(7)) without waiting. If the target wants to wait for the other end, the call
 * stays unanswered and the FIFO is polled. Meanwhile the mediator holds a reading end open, so that
 * a writer finds it.
 */
export function openFifo(
  call: Call,
  asked: OpenArguments,
  object: Opened,
  place: Place | null,
): Outcome {
  const { policy } = call.broker;
  const flags = (asked.flags & ~(abi.O_CREAT | abi.O_EXCL | abi.O_NOFOLLOW)) | abi.O_NONBLOCK;
  const open = (): number =>
    call.asTarget(() => call.effect(() => openShown(asked, object, place, flags)));
  closeForsaken(call);
  const fd = open();
  const waits = (asked.flags & (abi.O_NONBLOCK | abi.O_PATH)) === 0;
  const mode = asked.flags & abi.O_ACCMODE;
  // The directory is needed only if the name is opened again (O_NOFOLLOW).
  const way = asked.flags & abi.O_NOFOLLOW && place !== null ? [place.directory] : [];
  if (waits && fd === -ENXIO && mode === abi.O_WRONLY) {
    call.cameToNothing();
    call.target.keepOnly([object.fd, ...way]);
    return lookAgain(call, {
      look: () => {
        const writer = open();
        if (writer !== -ENXIO) return stillGranted(call, asked, object, policy, writer);
        call.cameToNothing();
        return null;
      },
      interrupted: () => RESTARTED,
    });
  }
  if (fd < 0 || !waits || mode !== 0) return given(call, asked, fd);
  if (hasWriter(fd)) return given(call, asked, fd);
  call.target.keep(fd);
  call.target.keepOnly([object.fd, fd]);
  call.broker.fifoReaders.set(call, fd);
  call.cameToNothing();
  return lookAgain(call, {
    look: () => {
      call.check();
      if (!hasWriter(fd)) return null;
      call.broker.fifoReaders.delete(call);
      return stillGranted(call, asked, object, policy, sys("fcntl", fd, F_DUPFD_CLOEXEC, 0));
    },
    interrupted: () => RESTARTED,
  });
}

/**
 * Closes reading ends of targets that were killed while they waited. Must run before a FIFO is
 * opened.
 */
function closeForsaken({ broker }: Call): void {
  for (const [waiting, fd] of broker.fifoReaders) {
    if (waiting.isAwaited) continue;
    broker.fifoReaders.delete(waiting);
    waiting.target.giveUp(fd);
  }
}

/** If the policy changed during the wait, the call is judged again, by the FIFO's current name. */
function stillGranted(
  call: Call,
  asked: OpenArguments,
  object: Opened,
  judgedBy: Policy,
  fd: number,
): Outcome {
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

/** Checks without reading: tee(2) reports data, a writer (EAGAIN), or the end (0). */
function hasWriter(reader: number): boolean {
  const scratch = pipe(abi.O_NONBLOCK);
  if (scratch.read < 0) return true;
  const found = sys("tee", reader, scratch.write, 1, SPLICE_F_NONBLOCK);
  close(scratch.read);
  close(scratch.write);
  return found > 0 || found === -E.AGAIN;
}

/** A target that waited did not ask for O_NONBLOCK. */
function given(call: Call, asked: OpenArguments, fd: number): Outcome {
  if (fd >= 0 && (asked.flags & (abi.O_NONBLOCK | abi.O_PATH)) === 0)
    sys("fcntl", fd, F_SETFL, asked.flags & KEPT);
  return settle(call, { ...asked, flags: asked.flags | abi.O_NONBLOCK }, fd);
}

/** The flags besides O_NONBLOCK that F_SETFL may set. */
const KEPT = O_APPEND | O_DIRECT | O_NOATIME;
