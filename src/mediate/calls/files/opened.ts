import { F_SETFL } from "../../../kernel/constants.ts";
import { error, type Outcome, WORKER } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { close, fstat, openat, sameObject, self, sys } from "../../sys/sys.ts";
import type { Place } from "../../walk/place.ts";
import type { Call } from "../call.ts";
import type { OpenArguments } from "./open-arguments.ts";
import { given } from "./open-make.ts";

/** Flags that F_GETFL never shows (open(2)) or that must not be used to reopen through a link. */
const ONCE = abi.O_CREAT | abi.O_EXCL | abi.O_NOCTTY | abi.O_TRUNC | abi.O_CLOEXEC;

/** An object, by its O_PATH descriptor. */
export type Opened = NonNullable<Place["object"]>;

/**
 * Opens a FIFO or device by name if O_NOFOLLOW was given, so that F_GETFL shows it. If the name now
 * means another object, opens without the flag.
 */
export function openShown(
  asked: OpenArguments,
  object: Opened,
  place: Place | null,
  flags: number,
): number {
  if (asked.flags & abi.O_NOFOLLOW && place !== null) {
    const fd = openat(place.directory, place.last, flags | abi.O_NOFOLLOW);
    if (fd < 0 && fd !== -E.LOOP && fd !== -E.NOENT) return fd;
    const stat = fd < 0 ? errnoOf(fd) : fstat(fd);
    if (typeof stat !== "number" && sameObject(stat, object.stat)) return fd;
    if (fd >= 0) close(fd);
  }
  return openat(abi.AT_FDCWD, self(object.fd), flags);
}

/** Keeps an open from blocking. A worker may block. */
export function unwaiting(call: Call): number {
  return call.broker.mayWait ? 0 : abi.O_NONBLOCK;
}

export function settle(call: Call, asked: OpenArguments, fd: number): Outcome {
  const added = unwaiting(call) & ~asked.flags;
  if (fd === -E.AGAIN && added !== 0) return WORKER;
  if (fd < 0) return error(errnoOf(fd));
  if (added !== 0 && (asked.flags & abi.O_PATH) === 0)
    sys("fcntl", fd, F_SETFL, asked.flags & ~ONCE);
  return given(fd, asked.flags);
}
