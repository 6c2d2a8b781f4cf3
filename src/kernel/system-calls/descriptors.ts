import { ownerCommands } from "../argument-names.ts";
import { F_SETFL, O_ASYNC } from "../constants.ts";
import type { Need } from "./argument.ts";
import type { DescriptorCall } from "./call.ts";
import { allow, ifBits, ifOneOf, notify, type Verdict } from "./verdict.ts";

/**
 * ioctl requests that no device driver ever sees, or that do nothing to a device: those that
 * Landlock lets through on devices too (`is_masked_device_ioctl` in security/landlock/fs.c),
 * without the two that freeze file systems, and FIOASYNC, by which a terminal chooses who gets
 * SIGIO.
 */
const harmlessRequests = {
  FIOCLEX: 0x5451,
  FIONCLEX: 0x5450,
  FIONBIO: 0x5421,
  FIOQSIZE: 0x5460,
  FIGETBSZ: 2,
  FS_IOC_FIEMAP: 0xc020660b,
  FICLONE: 0x40049409,
  FICLONERANGE: 0x4020940d,
  FIDEDUPERANGE: 0xc0189436,
  FS_IOC_GETFSUUID: 0x80111500,
  FS_IOC_GETFSSYSFSPATH: 0x80811501,
} as const;

/**
 * What an emulator asks of KVM many thousand times a second: running a processor, raising an
 * interrupt (`linux/kvm.h`). They go to descriptors that KVM gave out, which have no name; no
 * driver of a device has requests of these numbers
 * (Documentation/userspace-api/ioctl/ioctl-number.rst).
 */
const processorRequests = {
  KVM_RUN: 0xae80,
  KVM_IRQ_LINE: 0x4008ae61,
  KVM_IRQ_LINE_STATUS: 0xc008ae67,
  KVM_SIGNAL_MSI: 0x4020aea5,
} as const;

const attributes = (): Need[] => [{ role: "object", permission: "attributes", if: "always" }];

function row(
  name: string,
  needs: DescriptorCall["needs"],
  request: number | null,
  when: Verdict = notify,
  enforcing?: string,
): DescriptorCall {
  return {
    ...{ class: "descriptor", name, when, voids: [], descriptor: 0, needs, request },
    ...(enforcing === undefined ? {} : { enforcing }),
  };
}

/**
 * Calls on an open descriptor that its opening did not decide. What else is done with one was
 * decided when it was opened.
 */
export const descriptorCalls: readonly DescriptorCall[] = [
  row("fchmod", attributes, null),
  row("fchown", attributes, null),
  row("fsetxattr", attributes, null),
  row("fremovexattr", attributes, null),
  row(
    "ioctl",
    () => [{ role: "object", permission: "ioctl", if: "always" }],
    1,
    ifOneOf(1, Object.values({ ...harmlessRequests, ...processorRequests }), allow, notify),
    [
      "on a device by `i`; TIOCSTI and its like are refused",
      "so is what reads any file of a file system (BTRFS_IOC_SEND, XFS_IOC_OPEN_BY_HANDLE)",
      "inode flags are `a` and done by the mediator; owners of SIGIO are judged as signals",
      "FIOASYNC is refused on terminals, TIOCSCTTY where somebody outside is in the session",
      "what takes a capability (capability-requests.ts) goes on if the policy grants it",
      "what a pidfd is asked goes by its process, which must be of the domain itself",
      "everything else goes on",
    ].join("; "),
  ),
  row(
    "fcntl",
    () => [],
    1,
    ifOneOf(
      1,
      Object.values(ownerCommands),
      notify,
      ifOneOf(1, [F_SETFL], ifBits(2, O_ASYNC, notify, allow), allow),
    ),
    [
      "F_SETOWN and F_SETOWN_EX are judged as signals to that process",
      "F_SETFL with O_ASYNC is refused on terminals",
      "nothing else is asked about",
    ].join("; "),
  ),
];
