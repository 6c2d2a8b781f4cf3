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
 * A driver's own request, granted by `i` on the device's name; what is no device has no driver that
 * could do harm. The request is a register; the argument is the driver's to read, so that the
 * target itself asks. Another of its threads could meanwhile put a device in the descriptor's
 * place: so a process with several has no device open for which it could not ask. What could not be
 * looked at does not go on: it may be the mediator that has no descriptor left.
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

/** null where the target may ask it. `standard`: its number is one of a standard descriptor. */
function refusedOn(call: Call, { fd, stat }: Device, standard: boolean): Outcome | null {
  if (!isDevice(stat) || (standard && isStandard(call, fd, stat))) return null;
  for (const name of namesOf(fd, stat)) {
    if (typeof name === "number") return error(name);
    if ((call.broker.grants.of(name) & Permission.ioctl) === 0) return denyName("ioctl", name);
  }
  return null;
}

/**
 * What another thread could put in the descriptor's place while the kernel is on its way to it, of
 * what is in the same table now: a device that the target could ask anyway, were it a standard
 * descriptor, gains it nothing.
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

/** getdents64(2): what does not fit the first time. The directory is read from its start again. */
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

/** Only what has a path can be one (proc_pid_fd(5)). */
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
    const asked = `asked of descriptor ${call.unsigned(0)}, in whose place`;
    const help = `${asked} another thread could put descriptor ${number} at any moment`;
    return { ...refused, refusal: { ...refused.refusal, help } };
  } finally {
    close(fd);
  }
}

/**
 * Devices of memory (Documentation/admin-guide/devices.txt): those that know no request, and those
 * that ask for a capability before they do any.
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
 * Whether it is a terminal, and how large: what C libraries ask of whatever they read from and
 * write to (`asm-generic/ioctls.h`).
 */
const HARMLESS: ReadonlySet<number> = new Set([TCGETS, TIOCGWINSZ]);

/**
 * What the domain was started with is granted by `inherit`, not by a name: its terminal answers as
 * it does to a sealed domain. Another device may have been put in the place of the one it was
 * started with: that one answers only what any descriptor may be asked.
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
