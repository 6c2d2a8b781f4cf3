import { quick } from "../../../kernel/quick.ts";
import { CONTINUE, type Outcome } from "../../answer/outcome.ts";
import { unlessSettled } from "../../answer/settled.ts";
import type { StartedNames } from "../../domain/started-names.ts";
import { abi } from "../../sys/abi.ts";
import { type Bytes, close, fstat, passing, type Stat } from "../../sys/sys.ts";
import { isPlain, WITHOUT_LINKS } from "../../walk/at-once.ts";
import type { Call } from "../call.ts";
import { right } from "../handler.ts";
import { accesses, isMistake, missing, type OpenArguments, setOf } from "./open-arguments.ts";
import { reopen } from "./open-object.ts";
import type { Opened } from "./opened.ts";

/**
 * An open of a sealed domain that makes nothing. Landlock judges it by the objects of the start. A
 * granted file or directory that has its name since then is opened here, through the descriptor by
 * which it was judged. Whatever is not granted, or is neither, is left to Landlock.
 *
 * The descriptor gives what the policy grants and no more: a writable one can truncate, which is
 * part of `w`, and no driver and no kernel interface is behind it, so that neither requests (ioctl)
 * nor the credentials of its opener count.
 */
export function openLate(call: Call, asked: OpenArguments): Outcome {
  const { startedNames } = call.broker;
  if (startedNames === null || isMistake(asked.flags) || (asked.flags & abi.O_PATH) !== 0)
    return CONTINUE;
  const opened = (): Outcome => {
    const late = unlessSettled(() => lateObject(call, asked, startedNames));
    return late === null ? CONTINUE : reopen(call, asked, late);
  };
  return call.asTarget(opened, { makes: false });
}

/**
 * Whether an absolute path without links leads to what the layer grants: nearly every open of a
 * daemon, and the caller need not be looked at. Only where no process of the domain may have
 * another root than the view's.
 */
export function isOfStart(call: Call): boolean {
  const { broker } = call;
  const { startedNames } = broker;
  if (startedNames === null || broker.lists("chroot") || broker.lists("pivot_root")) return false;
  const address = call.word(call.name === "open" ? 0 : 1);
  const path = unlessSettled(() => call.target.memory.string(address));
  if (path === null || !path.startsWith("/") || !isPlain(path)) return false;
  const flags = call.int(call.name === "open" ? 1 : 2);
  const fd = quick.openat2(broker.view.root, passing(path.slice(1)), WITHOUT_LINKS);
  if (fd < 0) return false;
  const stat = fstat(fd);
  close(fd);
  return typeof stat !== "number" && startedNames.covers(path, rightsFor(flags, stat), stat);
}

/** null where the kernel is to decide. */
function lateObject(call: Call, asked: OpenArguments, started: StartedNames): Opened | null {
  const walked = call.walk(asked.path, asked.follow, { objectOnly: true });
  if (walked.kind !== "place" || walked.place.object === null) return null;
  const { name, object, slash } = walked.place;
  const isDirectory = object.stat.type === abi.S_IFDIR;
  // The kernel returns the error.
  if (!isDirectory && (slash || (asked.flags & abi.O_DIRECTORY) !== 0)) return null;
  return isLate(call, name, object, { asked, started }) ? object : null;
}

/** Whether the policy grants the open of a stored file or directory, and the layer does not. */
function isLate(
  call: Call,
  name: Bytes,
  { stat }: Opened,
  { asked, started }: { asked: OpenArguments; started: StartedNames },
): boolean {
  const isDirectory = stat.type === abi.S_IFDIR;
  if (!isDirectory && stat.type !== abi.S_IFREG) return false;
  if (!call.broker.mounts.stores(stat.mount)) return false;
  const wanted = accesses(asked.flags);
  if (missing(call.broker.grants.of(name, setOf(wanted)), wanted) !== null) return false;
  return !started.covers(name, rightsFor(asked.flags, stat), stat);
}

/** LANDLOCK_ACCESS_FS_* that Landlock asks for. */
function rightsFor(flags: number, { type }: Stat): bigint {
  const wanted = accesses(flags);
  const read = type === abi.S_IFDIR ? right.readDirectory : right.readFile;
  return (wanted.includes("read") ? read : 0n) | (wanted.includes("write") ? right.writeFile : 0n);
}
