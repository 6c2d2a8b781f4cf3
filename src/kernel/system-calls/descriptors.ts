import {
  FIOASYNC,
  inodeRequests,
  ownerCommands,
  socketOwnerRequests,
  terminalRequests,
  wholeFileSystemRequests,
} from "../argument-names.ts";
import { F_SETFL, O_ASYNC } from "../constants.ts";
import type { DescriptorCall } from "./call.ts";
import { answering, everyUse, ifListed } from "./columns.ts";
import { MODE_AND_OWNER, XATTRS } from "./names.ts";
import { allow, ifBits, ifOneOf, notify, refuse } from "./verdict.ts";

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

const refusedRequests = { ...terminalRequests, ...wholeFileSystemRequests };
const spell = (requests: object): string => Object.keys(requests).join(", ");

/** fcntl that chooses who gets a descriptor's signals, or switches them on. */
const ownerOrAsync = ifOneOf(
  1,
  Object.values(ownerCommands),
  notify,
  ifOneOf(1, [F_SETFL], ifBits(2, O_ASYNC, notify, allow), allow),
);

/** Changes metadata of what a descriptor leads to. */
function attributes(name: string, sealed: DescriptorCall["sealed"]): DescriptorCall {
  return {
    class: "descriptor",
    name,
    voids: [],
    descriptor: 0,
    needs: () => [{ role: "object", permission: "attributes", if: "always" }],
    request: null,
    sealed,
    supervised: everyUse,
  };
}

const ioctl: DescriptorCall = {
  class: "descriptor",
  name: "ioctl",
  voids: [],
  descriptor: 0,
  needs: () => [{ role: "object", permission: "ioctl", if: "always" }],
  request: 1,
  sealed: ifListed(
    [
      "by the 32 bits the kernel looks at",
      `Refused: ${spell(refusedRequests)}`,
      `Asked about: ${spell(inodeRequests)}; ${spell(socketOwnerRequests)}, FIOASYNC too where` +
        " signals are not Landlock's",
    ].join(". "),
    ({ signalsHeld }) => {
      const ofSignals = signalsHeld ? [] : [...Object.values(socketOwnerRequests), FIOASYNC];
      const asked = [...Object.values(inodeRequests), ...ofSignals];
      return ifOneOf(1, Object.values(refusedRequests), refuse, ifOneOf(1, asked, notify, allow));
    },
  ),
  supervised: answering(
    [
      "on a device by `i`; TIOCSTI and its like are refused",
      "so is what reads any file of a file system (BTRFS_IOC_SEND, XFS_IOC_OPEN_BY_HANDLE)",
      "inode flags are `a` and done by the mediator; owners of SIGIO are judged as signals",
      "FIOASYNC is refused on terminals, TIOCSCTTY where somebody outside is in the session",
      "what takes a capability (capability-requests.ts) goes on if the policy grants it",
      "what a pidfd is asked goes by its process, which must be of the domain itself",
      "everything else goes on",
    ].join("; "),
    ifOneOf(1, Object.values({ ...harmlessRequests, ...processorRequests }), allow, notify),
  ),
};

const fcntl: DescriptorCall = {
  class: "descriptor",
  name: "fcntl",
  voids: [],
  descriptor: 0,
  needs: () => [],
  request: 1,
  sealed: ifListed(
    [
      "F_SETOWN sends any signal to others, F_SETFL with O_ASYNC a terminal's to its foreground" +
        " group",
      "asked about where no Landlock scope holds signals",
    ].join("; "),
    ({ signalsHeld }) => (signalsHeld ? allow : ownerOrAsync),
  ),
  supervised: answering(
    [
      "F_SETOWN and F_SETOWN_EX are judged as signals to that process",
      "F_SETFL with O_ASYNC is refused on terminals",
      "nothing else is asked about",
    ].join("; "),
    ownerOrAsync,
  ),
};

/**
 * Calls on an open descriptor that its opening did not decide. What else is done with one was
 * decided when it was opened.
 */
export const descriptorCalls: readonly DescriptorCall[] = [
  attributes("fchmod", MODE_AND_OWNER),
  attributes("fchown", MODE_AND_OWNER),
  attributes("fsetxattr", XATTRS),
  attributes("fremovexattr", XATTRS),
  ioctl,
  fcntl,
];
