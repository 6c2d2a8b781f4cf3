import {
  FIOASYNC,
  inodeRequests,
  ownerCommands,
  socketOwnerRequests,
  TIOCSCTTY,
  TUNSETIFF,
  terminalRequests,
  wholeFileSystemRequests,
} from "../../../kernel/argument-names.ts";
import {
  capabilityIoctl,
  ETHTOOL_READS,
  SIOCETHTOOL,
} from "../../../kernel/capability-requests.ts";
import { F_SETFL } from "../../../kernel/constants.ts";
import { fOwnerEx } from "../../../kernel/structs.ts";
import { judgeCapabilities } from "../../../kinds/capabilities/mediate.ts";
import { mapFile } from "../../../kinds/memory/mediate.ts";
import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { CONTINUE, error, type Outcome, result } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import { errnoOf } from "../../sys/errno.ts";
import { fstat, sys } from "../../sys/sys.ts";
import { namesOf } from "../../walk/place.ts";
import type { Call } from "../call.ts";
import { FIRST_DESCRIPTOR, impersonate } from "../impersonator/impersonator.ts";
import { judgeNumber } from "../processes/judge-processes.ts";
import { onDevice } from "./device-ioctl.ts";
import { isPidfdRequest, judgePidfdRequest } from "./pidfd-requests.ts";
import { sameFile } from "./same-file.ts";
import { judgeControllingTerminal, signalInput } from "./terminal-signals.ts";

const has = (numbers: Readonly<Record<string, number>>, value: number): boolean =>
  Object.values(numbers).includes(value);

/** Judges ioctl, fcntl and mmap; null leaves the call to its handler. */
export function judgeDescriptor(call: Call): Outcome | null {
  const request = call.unsigned(1);
  if (call.name === "fcntl") return judgeCommand(call, request);
  if (call.name === "mmap") return mapFile(call);
  if (call.name !== "ioctl") return null;
  if (has(terminalRequests, request) || has(wholeFileSystemRequests, request))
    return refuseForm(call);
  const taking = capabilityIoctl(request);
  if (taking !== null) return judgeTaking(call, taking.capabilities) ?? onDevice(call);
  if (has(inodeRequests, request)) return null;
  if (has(socketOwnerRequests, request)) return socketOwner(call);
  if (request === TUNSETIFF) return attachToInterface(call);
  if (request === FIOASYNC) return signalInput(call);
  if (isPidfdRequest(request)) return judgePidfdRequest(call, request) ?? onDevice(call);
  return (request === TIOCSCTTY ? judgeControllingTerminal(call) : null) ?? onDevice(call);
}

const IFREQ_DATA = 16;
const POINTER_BYTES = 8;
const COMMAND_BYTES = 4;

/**
 * A request that takes a capability. Its command may lie in memory, where it can change, so at
 * enforcing every such request is refused. At level warning a command that only reads is not
 * reported.
 */
function judgeTaking(call: Call, capabilities: readonly string[]): Outcome | null {
  const refused = judgeCapabilities(call, capabilities);
  if (refused === null || !call.rehearses || call.unsigned(1) !== SIOCETHTOOL) return refused;
  const { memory } = call.target;
  const data = memory.read(call.word(2) + BigInt(IFREQ_DATA), POINTER_BYTES).readBigUInt64LE(0);
  const command = memory.read(data, COMMAND_BYTES).readUInt32LE(0);
  return ETHTOOL_READS.has(command) ? null : refused;
}

function judgeCommand(call: Call, command: number): Outcome {
  if (command === F_SETFL) return signalInput(call);
  return command === ownerCommands.F_SETOWN ? ownedBy(call, call.int(2)) : ownerInMemory(call);
}

/** `struct ifreq`, which begins with the interface's name (`linux/if.h`). */
const IFREQ_BYTES = 40;
const INTERFACE_NAME_BYTES = 16;

/**
 * Attaches to a network interface: requires `i` on the name below the device's, such as
 * `/dev/net/tun/tap0`, or `%d` if the kernel chooses the name. The mediator makes the call with the
 * name that it judged.
 */
function attachToInterface(call: Call): Outcome {
  const fd = sameFile(call, call.int(0));
  if (fd < 0) return error(errnoOf(fd));
  const stat = fstat(fd);
  if (typeof stat === "number") return error(stat);
  const argument = call.target.memory.read(call.word(2), IFREQ_BYTES);
  const [written = ""] = argument.toString("latin1", 0, INTERFACE_NAME_BYTES).split("\0");
  for (const device of namesOf(fd, stat)) {
    if (typeof device === "number") return error(device);
    const wanted = `${device}/${written === "" ? "%d" : written}`;
    if ((call.broker.grants.of(wanted, Permission.ioctl) & Permission.ioctl) === 0)
      return denyName("ioctl", wanted);
  }
  return result(
    call.asTarget(() => call.effect(() => sys("ioctl", fd, TUNSETIFF, argument)), {
      effectiveIds: true,
    }),
  );
}

/**
 * Judges the owner of a descriptor's signals: a process, or a group as a negative number. 0 means
 * none.
 */
function judgeOwner(call: Call, owner: number): Outcome | null {
  if (owner === 0) return null;
  const target = { register: 2, kind: "group-or-process", zeroIsSelf: false } as const;
  return judgeNumber(call, target, "signal", owner);
}

function ownedBy(call: Call, owner: number): Outcome {
  return judgeOwner(call, owner) ?? CONTINUE;
}

/**
 * F_SETOWN_EX: struct f_owner_ex: type (thread, process, group), number. The mediator makes the
 * call with the copy that it judged.
 */
function ownerInMemory(call: Call): Outcome {
  const argument = call.target.memory.read(call.word(2), fOwnerEx.size);
  const { type, pid } = fOwnerEx.decode(argument);
  return judgeOwner(call, type === 2 ? -pid : pid) ?? onCopy(call, "fcntl", argument);
}

function socketOwner(call: Call): Outcome {
  const argument = call.target.memory.read(call.word(2), 4);
  return judgeOwner(call, argument.readInt32LE(0)) ?? onCopy(call, "ioctl", argument);
}

/**
 * Signals are sent by the credentials of the process that set the owner, including its real ids.
 */
function onCopy(call: Call, name: "fcntl" | "ioctl", argument: Buffer): Outcome {
  const fd = sameFile(call, call.int(0));
  if (fd < 0) return error(errnoOf(fd));
  const args = [FIRST_DESCRIPTOR, call.unsigned(1), { bytes: argument }];
  return impersonate(call, { descriptors: [fd], steps: [{ name, args }] });
}
