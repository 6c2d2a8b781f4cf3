import { readFileSync, statSync } from "node:fs";
import { ENXIO } from "../../../kernel/constants.ts";
import { majorOf, minorOf } from "../../../kernel/device-number.ts";
import { error, type Outcome } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { openat, self } from "../../sys/sys.ts";
import type { Place } from "../../walk/place.ts";
import { MayWait } from "../../worker/may-wait.ts";
import type { Call } from "../call.ts";
import { fieldOf } from "../processes/named-processes.ts";
import type { OpenArguments } from "./open-arguments.ts";
import { type Opened, openShown, settle, unwaiting } from "./open-object.ts";

/**
 * Devices that never keep their opener waiting (Documentation/admin-guide/devices.txt): memory,
 * terminals' ends, misc as urandom's kin.
 */
const PROMPT: ReadonlySet<number> = new Set([1, 5, 136, 137, 138, 139, 140, 141, 142, 143]);
/** /dev/tty: whoever opens it gets its own controlling terminal. */
const OWN_TERMINAL = { major: 5, minor: 0 };

/**
 * A device. The mediator takes no terminal for its own (O_NOCTTY), and so neither does the target:
 * it must ask for it by TIOCSCTTY. What may keep its opener waiting is for a worker.
 */
export function openDevice(
  call: Call,
  asked: OpenArguments,
  object: Opened,
  place: Place | null,
): Outcome {
  const flags = (asked.flags & ~(abi.O_CREAT | abi.O_EXCL | abi.O_NOFOLLOW)) | abi.O_NOCTTY;
  const opened = (shownAt: Place | null, added: number): Outcome =>
    settle(
      call,
      asked,
      call.effect(() => openShown(asked, object, shownAt, flags | added)),
    );
  if (asked.flags & abi.O_PATH) return opened(null, 0);
  const { major, minor } = numbers(object.fd);
  if (major === OWN_TERMINAL.major && minor === OWN_TERMINAL.minor)
    return ownTerminal(call, asked, object, flags);
  if (PROMPT.has(major)) return opened(place, unwaiting(call));
  if (!call.rehearses && !call.broker.mayWait) throw new MayWait();
  return opened(null, 0);
}

/**
 * The target's controlling terminal under its own name; /dev/tty itself would be the mediator's.
 */
function ownTerminal(call: Call, asked: OpenArguments, object: Opened, flags: number): Outcome {
  if (asked.flags & O_NOATIME && !owns(call, object)) return error(E.PERM);
  const terminal = terminalOf(call.target.credentials.tgid);
  if (terminal === null) return error(ENXIO);
  const name = deviceName(terminal.major, terminal.minor);
  if (name === null) return error(ENXIO);
  return settle(
    call,
    asked,
    call.effect(() => openat(abi.AT_FDCWD, name, flags | unwaiting(call))),
  );
}

/** A process's controlling terminal, by device number; null where it has none. */
export function terminalOf(pid: number): { major: number; minor: number } | null {
  const terminal = fieldOf(pid, "terminal");
  if (terminal <= 0) return null;
  return {
    major: (terminal >> 8) & 0xfff,
    minor: (terminal & 0xff) | ((terminal >> 12) & 0xfff00),
  };
}

const O_NOATIME = 0o1000000;
const CAP_FOWNER = 1n << 3n;

/** Who may ask for O_NOATIME (open(2)). */
function owns(call: Call, { stat }: Opened): boolean {
  const { fsuid, effective } = call.target.credentials;
  return fsuid === stat.uid || (effective & CAP_FOWNER) !== 0n;
}

/** The device's node, if it is what it should be (sysfs for all but the ends of terminals). */
function deviceName(major: number, minor: number): string | null {
  try {
    const known = /^DEVNAME=(.+)$/m.exec(
      readFileSync(`/sys/dev/char/${major}:${minor}/uevent`, "latin1"),
    )?.[1];
    return known === undefined ? null : `/dev/${known}`;
  } catch {
    const name = `/dev/pts/${minor + 256 * (major - 136)}`;
    return isDevice(name, major, minor) ? name : null;
  }
}

function isDevice(name: string, major: number, minor: number): boolean {
  try {
    const { rdev } = statSync(name);
    return majorOf(rdev) === major && minorOf(rdev) === minor;
  } catch {
    // No such node: the terminal is gone.
    return false;
  }
}

/** Of the device that a descriptor of the mediator's stands for. */
export function numbers(object: number): { major: number; minor: number } {
  const { rdev } = statSync(self(object));
  return { major: majorOf(rdev), minor: minorOf(rdev) };
}
