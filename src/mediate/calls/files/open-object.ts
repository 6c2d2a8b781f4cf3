import { namedElsewhere, OTHER_PROCFS } from "../../answer/no-place.ts";
import { error, type Outcome, unable } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { close, fstat, openat, readlinkat, sameObject, self, shown } from "../../sys/sys.ts";
import { canonical, namesOf, type Place } from "../../walk/place.ts";
import type { Call } from "../call.ts";
import { lacking } from "./lacking.ts";
import { accesses, type OpenArguments } from "./open-arguments.ts";
import { openDevice } from "./open-device.ts";
import { emptied } from "./open-emptied.ts";
import { openFifo } from "./open-fifo.ts";
import { type Later, openedByNamespace } from "./open-in-namespace.ts";
import { type Opened, settle, unwaiting } from "./opened.ts";
import { judgeProcEntry } from "./proc-entry.ts";

/**
 * Opens a judged object by its O_PATH descriptor. `place`: where it lies, for flags that require
 * opening it by name. Within `asTarget`.
 */
export function openObject(
  call: Call,
  asked: OpenArguments,
  object: Opened,
  place: Place | null,
): Outcome | "again" | Later {
  return openedByNamespace(call, asked, object, () => openHere(call, asked, object, place));
}

function openHere(
  call: Call,
  asked: OpenArguments,
  object: Opened,
  place: Place | null,
): Outcome | "again" {
  switch (object.stat.type) {
    case abi.S_IFIFO:
      return openFifo(call, asked, object, place);
    case abi.S_IFCHR:
    case abi.S_IFBLK:
      return openDevice(call, asked, object, place);
    case abi.S_IFSOCK:
      return asked.flags & abi.O_PATH ? reopen(call, asked, object) : error(E.NXIO);
    default:
      return asked.flags & abi.O_NOFOLLOW && place !== null
        ? byName(call, asked, object, place)
        : reopen(call, asked, object);
  }
}

/**
 * Opens the object behind a descriptor of the target's, one of its own links in /proc, or `.`;
 * `place`: where that is. Pipes, sockets and memory have no name that a policy could grant, and a
 * process that holds them may open them again.
 */
export function openDescriptor(
  call: Call,
  asked: OpenArguments,
  fd: number,
  place: Place | null = null,
): Outcome | Later {
  const stat = fstat(fd);
  if (typeof stat === "number") return error(stat);
  const text = readlinkat(abi.AT_FDCWD, self(fd));
  if (typeof text === "number") return error(text);
  if (asked.flags & abi.O_DIRECTORY && stat.type !== abi.S_IFDIR) return error(E.NOTDIR);
  if (call.broker.mounts.kind(stat.mount) === "other-procfs")
    return unable(E.ACCES, call.name, `${shown(text)} on ${OTHER_PROCFS}`);
  const anonymous =
    /^[a-z_]+:/.test(text) || (stat.links === 0 && /^\/memfd:.* \(deleted\)$/s.test(text));
  for (const name of anonymous ? [] : namesOf(fd, stat)) {
    if (typeof name === "number") return error(name);
    const elsewhere = namedElsewhere(call, stat, name);
    if (elsewhere !== null) return elsewhere;
    const asks = asked.flags & abi.O_PATH ? [] : accesses(asked.flags);
    const refused = judgeProcEntry(call, name, asks.includes("write")) ?? lacking(call, name, asks);
    if (refused !== null) return refused;
  }
  const outcome = openObject(call, asked, { fd, stat }, place);
  return outcome === "again" ? unable(E.AGAIN, call.name, shown(text)) : outcome;
}

/** Opens the judged object. Does not wait for the holder of a lease; a worker does. */
export function reopen(call: Call, asked: OpenArguments, object: Opened): Outcome {
  // Files in procfs cannot be emptied, and no other process may write the target's own entries.
  const isEmptied = call.broker.mounts.kind(object.stat.mount) !== "procfs";
  const flags =
    asked.flags & ~(abi.O_CREAT | abi.O_EXCL | abi.O_NOFOLLOW | (isEmptied ? abi.O_TRUNC : 0));
  const fd = opening(call, object, () =>
    openat(abi.AT_FDCWD, self(object.fd), flags | unwaiting(call)),
  );
  const settled = settle(call, asked, fd);
  return isEmptied ? emptied(call, asked.flags, settled) : settled;
}

function opening(call: Call, object: Opened, open: () => number): number {
  if (call.broker.mounts.kind(object.stat.mount) !== "procfs") return call.effect(open);
  const name = canonical(object.fd);
  const opened = () => (typeof name === "string" ? call.asItself(name, open) : open());
  return call.effect(() => call.effectively(opened));
}

/**
 * Opens by name, so that O_NOFOLLOW stays visible in F_GETFL. The descriptor is used only if it is
 * the object that was judged.
 */
function byName(
  call: Call,
  asked: OpenArguments,
  object: Opened,
  { directory, last }: Place,
): Outcome | "again" {
  const flags = (asked.flags & ~(abi.O_CREAT | abi.O_EXCL | abi.O_TRUNC)) | abi.O_NOCTTY;
  const fd = opening(call, object, () => openat(directory, last, flags | unwaiting(call)));
  if (fd === -E.LOOP || fd === -E.NOENT) return "again";
  const stat = fd < 0 ? null : fstat(fd);
  if (stat === null) return settle(call, asked, fd);
  if (typeof stat === "number" || !sameObject(stat, object.stat)) {
    close(fd);
    return "again";
  }
  return emptied(call, asked.flags, settle(call, asked, fd));
}
