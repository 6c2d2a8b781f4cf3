import { ENXIO, F_SETFL } from "../../kernel/constants.ts";
import { abi, E } from "../abi.ts";
import type { Call } from "../call.ts";
import { accesses, type OpenArguments } from "../handlers/open-arguments.ts";
import { given } from "../handlers/open-make.ts";
import { MayWait } from "../may-wait.ts";
import { error, type Outcome, unable } from "../outcome.ts";
import type { Place } from "../place.ts";
import { close, fstat, openat, readlinkat, type Stat, sameObject, self, shown, sys } from "../sys.ts";
import { lacking } from "./lacking.ts";
import { openDevice } from "./open-device.ts";
import { openFifo } from "./open-fifo.ts";

/** Flags that F_GETFL never shows (open(2)), and those that a reopening through a link must not have. */
const ONCE = abi.O_CREAT | abi.O_EXCL | abi.O_NOCTTY | abi.O_TRUNC | abi.O_CLOEXEC;

/** An object that was judged, by its O_PATH descriptor. `place`: where it lies, for flags that only an opening by name can have. Within `asTarget`. */
export function openObject(
  call: Call,
  asked: OpenArguments,
  object: { readonly fd: number; readonly stat: Stat },
  place: Place | null,
): Outcome | "again" {
  switch (object.stat.type) {
    case abi.S_IFIFO:
      return openFifo(call, asked, object.fd);
    case abi.S_IFCHR:
    case abi.S_IFBLK:
      return openDevice(call, asked, object.fd);
    case abi.S_IFSOCK:
      return asked.flags & abi.O_PATH ? reopen(call, asked, object.fd) : error(ENXIO);
    default:
      return asked.flags & abi.O_NOFOLLOW && place !== null
        ? byName(call, asked, object, place)
        : reopen(call, asked, object.fd);
  }
}

/** Behind the name of an object whose name is gone (d_path). A file may really be called so. */
const REMOVED = " (deleted)";

/**
 * What a descriptor of the target's, or a link of its own in /proc, leads to. Pipes, sockets and memory have no name that a policy could speak of, and whoever holds them
 * may open them again.
 */
export function openDescriptor(call: Call, asked: OpenArguments, fd: number): Outcome {
  const stat = fstat(fd);
  if (typeof stat === "number") return error(-stat);
  const text = readlinkat(abi.AT_FDCWD, self(fd));
  if (typeof text === "number") return error(-text);
  const removed = stat.links === 0 && text.endsWith(REMOVED);
  const anonymous = /^[a-z_]+:/.test(text) || (removed && text.startsWith("/memfd:"));
  // A file that was removed is judged by the name that it had. One that has other names counts as called what the kernel writes, which nobody grants.
  const name = removed ? text.slice(0, -REMOVED.length) : text;
  const refused = anonymous ? null : lacking(call, name, accesses(asked.flags));
  if (refused !== null) return refused;
  const outcome = openObject(call, asked, { fd, stat }, null);
  return outcome === "again" ? unable(E.AGAIN, call.name, shown(text)) : outcome;
}

/** Through the link that stands for the judged descriptor. Never waits for the holder of a lease: a worker does. */
function reopen(call: Call, asked: OpenArguments, object: number): Outcome {
  const flags = asked.flags & ~(abi.O_CREAT | abi.O_EXCL | abi.O_NOFOLLOW);
  return settle(
    call,
    asked,
    call.effect(() => openat(abi.AT_FDCWD, self(object), flags | unwaiting(call))),
  );
}

/** O_NOFOLLOW stays visible in F_GETFL: opened by name in the judged directory, and given only if it is the very object that was judged. */
function byName(
  call: Call,
  asked: OpenArguments,
  object: { readonly stat: Stat },
  { directory, last }: Place,
): Outcome | "again" {
  const flags = (asked.flags & ~(abi.O_CREAT | abi.O_EXCL | abi.O_TRUNC)) | abi.O_NOCTTY;
  const fd = call.effect(() => openat(directory, last, flags | unwaiting(call)));
  if (fd === -E.LOOP || fd === -E.NOENT) return "again";
  const stat = fd < 0 ? null : fstat(fd);
  if (stat === null) return settle(call, asked, fd);
  if (typeof stat === "number" || !sameObject(stat, object.stat)) {
    close(fd);
    return "again";
  }
  const emptied = asked.flags & abi.O_TRUNC ? empty(call, asked, fd) : 0;
  if (emptied === 0) return settle(call, asked, fd);
  close(fd);
  return error(-emptied);
}

/** O_TRUNC on the file that was found to be the right one. */
function empty(call: Call, asked: OpenArguments, found: number): number {
  const flags = (asked.flags & abi.O_ACCMODE) | abi.O_TRUNC;
  const fd = call.effect(() => openat(abi.AT_FDCWD, self(found), flags | unwaiting(call)));
  if (fd >= 0) close(fd);
  return Math.min(fd, 0);
}

/** A worker may be kept waiting; so may nobody else. */
export function unwaiting(call: Call): number {
  return call.broker.mayWait ? 0 : abi.O_NONBLOCK;
}

/** What was opened without waiting, with the flags that the target asked for. */
export function settle(call: Call, asked: OpenArguments, fd: number): Outcome {
  const added = unwaiting(call) & ~asked.flags;
  if (fd === -E.AGAIN && added !== 0) throw new MayWait();
  if (fd < 0) return error(-fd);
  if (added !== 0 && (asked.flags & abi.O_PATH) === 0) sys("fcntl", fd, F_SETFL, asked.flags & ~ONCE);
  return given(fd, asked.flags);
}
