import { readdirSync } from "node:fs";
import { capabilityMask } from "../../../kernel/capability-mask.ts";
import { CAP_SYS_ADMIN, TCGETS, TIOCGWINSZ } from "../../../kernel/constants.ts";
import { decide } from "../../../model/decide.ts";
import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { CONTINUE, error, type Outcome, unable, WORKER } from "../../answer/outcome.ts";
import { DESCRIPTORS_BYTES_AT_ONCE, DESCRIPTORS_LOOKED_AT_MAX } from "../../domain/limits.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import {
  close,
  fstat,
  isDevice,
  readlinkat,
  type Stat,
  sameObject,
  self,
  sys,
} from "../../sys/sys.ts";
import { namesOf } from "../../walk/place.ts";
import type { Call } from "../call.ts";
import { numbers, terminalOf } from "../files/own-terminal.ts";

/**
 * A request to a driver, granted by `i` on the device's name. Other files have no driver that could
 * do harm. The request number is a register. The driver reads the argument, so the target makes the
 * call itself. Another thread could meanwhile put another device in the descriptor's place, so a
 * process with several threads must be granted every device that it has open. A descriptor that
 * cannot be examined is an error and no denial: the mediator may lack descriptors itself.
 */
export function onDevice(call: Call): Outcome {
  const number = call.unsigned(0);
  const fd = call.target.descriptor(call.int(0));
  if (fd === -E.BADF && call.isAlone) return CONTINUE;
  const stat = fd < 0 ? errnoOf(fd) : fstat(fd);
  if (typeof stat === "number") return error(stat);
  return (
    refusedOn(call, { fd, stat }, number < STANDARD_DESCRIPTORS) ??
    (call.isAlone ? CONTINUE : beside(call, stat))
  );
}

interface Device {
  readonly fd: number;
  readonly stat: Stat;
}

/** null if the target may make the request. `standard`: the descriptor is 0, 1 or 2. */
function refusedOn(call: Call, { fd, stat }: Device, standard: boolean): Outcome | null {
  if (!isDevice(stat) || (standard && isStandard(call, fd, stat))) return null;
  for (const name of namesOf(fd, stat)) {
    if (typeof name === "number") return error(name);
    if ((call.broker.grants.of(name, Permission.ioctl) & Permission.ioctl) === 0)
      return denyName("ioctl", name);
  }
  return null;
}

/**
 * Checks what another thread could put in the descriptor's place before the kernel uses it: every
 * descriptor in the same table. Each is judged like a standard descriptor, which the target could
 * use directly.
 */
function beside(call: Call, asked: Stat): Outcome {
  const table = call.target.keep(call.target.entry("fd", abi.O_DIRECTORY));
  if (table < 0) return error(errnoOf(table));
  if (!call.broker.mayWait && isLong(table)) return WORKER;
  const all = readdirSync(self(table));
  if (all.length > DESCRIPTORS_LOOKED_AT_MAX)
    return unable(
      E.ACCES,
      call.name,
      `asked by a process with threads and ${all.length} descriptors`,
    );
  for (const number of all) {
    const refused = isOfDevice(readlinkat(table, number)) ? refusedBeside(call, number) : null;
    if (refused !== null) return refused;
  }
  return isStillThere(call, asked)
    ? CONTINUE
    : unable(E.ACCES, call.name, "of a descriptor that another thread exchanged");
}

/**
 * Whether the directory has more entries than fit (getdents64(2)). The caller reads it again from
 * its start.
 */
function isLong(directory: number): boolean {
  const entries = Buffer.alloc(DESCRIPTORS_BYTES_AT_ONCE);
  for (let read = 0; read < 2; read++)
    if (sys("getdents64", directory, entries, entries.length) <= 0) return false;
  return true;
}

function isStillThere(call: Call, asked: Stat): boolean {
  const fd = call.target.descriptor(call.int(0));
  const stat = fd < 0 ? errnoOf(fd) : fstat(fd);
  return typeof stat !== "number" && sameObject(stat, asked);
}

/** Only a descriptor with a path can be of a device (proc_pid_fd(5)). */
function isOfDevice(link: string | number): boolean {
  return typeof link === "string" && link.startsWith("/");
}

function refusedBeside(call: Call, number: string): Outcome | null {
  const fd = call.target.entry(`fd/${number}`, abi.O_PATH);
  // Closed since the table was read.
  if (fd === -E.NOENT) return null;
  if (fd < 0) return error(errnoOf(fd));
  try {
    const stat = fstat(fd);
    if (typeof stat === "number") return error(stat);
    if (hasNoDriver(call, fd, stat)) return null;
    const refused = refusedOn(call, { fd, stat }, true);
    if (refused === null) return null;
    if (refused.kind !== "refused")
      return unable(E.ACCES, call.name, `beside descriptor ${number}, a device without a name`);
    const asked = `asked of descriptor ${call.unsigned(0)}, which another thread`;
    const help = `${asked} could replace by descriptor ${number} at any moment`;
    return { ...refused, refusal: { ...refused.refusal, help } };
  } finally {
    close(fd);
  }
}

/**
 * Memory devices (Documentation/admin-guide/devices.txt) without any request, and those on which
 * every request takes a capability.
 */
const MEMORY = 1;
const REQUESTLESS: ReadonlySet<number> = new Set([3 /* null */, 5 /* zero */, 7 /* full */]);
const RANDOM: ReadonlySet<number> = new Set([8 /* random */, 9 /* urandom */]);

function hasNoDriver(call: Call, fd: number, { type }: Stat): boolean {
  if (type !== abi.S_IFCHR) return false;
  const { major, minor } = numbers(fd);
  if (major !== MEMORY) return false;
  return (
    REQUESTLESS.has(minor) ||
    (RANDOM.has(minor) &&
      (call.target.credentials.effective & capabilityMask(CAP_SYS_ADMIN)) === 0n)
  );
}

const STANDARD_DESCRIPTORS = 3;

/**
 * Requests that ask whether a descriptor is a terminal, and for its size. C libraries make them on
 * whatever they read or write (`asm-generic/ioctls.h`).
 */
const HARMLESS: ReadonlySet<number> = new Set([TCGETS, TIOCGWINSZ]);

/**
 * A standard descriptor is granted by `inherit` and not by its name, so a terminal there takes
 * requests as in a sealed domain. If the domain has put another device in its place, only the
 * harmless requests are granted.
 */
function isStandard(call: Call, fd: number, { type }: Stat): boolean {
  if (type !== abi.S_IFCHR || (!HARMLESS.has(call.unsigned(1)) && !isOwnTerminal(call, fd)))
    return false;
  return decide(call.broker.policy, { class: "inherit", kind: "stdio" }).outcome === "granted";
}

function isOwnTerminal(call: Call, fd: number): boolean {
  const terminal = terminalOf(call.target.credentials.tgid);
  const { major, minor } = numbers(fd);
  return terminal !== null && terminal.major === major && terminal.minor === minor;
}
