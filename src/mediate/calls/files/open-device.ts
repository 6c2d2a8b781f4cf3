import { capabilityMask } from "../../../kernel/capability-mask.ts";
import { CAP_FOWNER, ENXIO, O_NOATIME } from "../../../kernel/constants.ts";
import { error, type Outcome, unable, WORKER } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import type { Place } from "../../walk/place.ts";
import type { Call } from "../call.ts";
import type { OpenArguments } from "./open-arguments.ts";
import { type Opened, openShown, settle, unwaiting } from "./opened.ts";
import { numbers, openOwnTerminal, terminalOf } from "./own-terminal.ts";

/**
 * Majors of devices whose open never blocks (Documentation/admin-guide/devices.txt): memory
 * devices, /dev/tty and its kin, and terminals.
 */
const PROMPT: ReadonlySet<number> = new Set([1, 5, 136, 137, 138, 139, 140, 141, 142, 143]);

export function isPrompt({ fd }: Opened): boolean {
  return PROMPT.has(numbers(fd).major);
}

/** /dev/tty: opens the caller's own controlling terminal. */
const OWN_TERMINAL = { major: 5, minor: 0 };

/**
 * The mediator acquires no controlling terminal by opening a device (O_NOCTTY), and so neither does
 * the target: it must use TIOCSCTTY. A device whose open may block is opened by a worker.
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
  if (isPrompt(object)) return opened(place, unwaiting(call));
  if (!call.rehearses && !call.broker.mayWait) return WORKER;
  return opened(null, 0);
}

/** Opening /dev/tty would open the mediator's terminal. */
function ownTerminal(call: Call, asked: OpenArguments, object: Opened, flags: number): Outcome {
  if (asked.flags & O_NOATIME && !owns(call, object)) return error(E.PERM);
  const terminal = terminalOf(call.target.credentials.tgid);
  if (terminal === null) return error(E.NXIO);
  const fd = call.effect(() => openOwnTerminal(call, terminal, flags | unwaiting(call)));
  return fd === -ENXIO
    ? unable(E.NXIO, call.name, "a controlling terminal that is nowhere to be found")
    : settle(call, asked, fd);
}

/** Whether the target may use O_NOATIME (open(2)). */
function owns(call: Call, { stat }: Opened): boolean {
  const { fsuid, effective } = call.target.credentials;
  return fsuid === stat.uid || (effective & capabilityMask(CAP_FOWNER)) !== 0n;
}
