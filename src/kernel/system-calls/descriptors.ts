import {
  FIOASYNC,
  inodeRequests,
  ownerCommands,
  socketOwnerRequests,
  terminalRequests,
  wholeFileSystemRequests,
} from "../argument-names.ts";
import { F_SETFL, MAP_ANONYMOUS, O_ASYNC, PROT_EXEC } from "../constants.ts";
import type { DescriptorCall } from "./call.ts";
import { answering, everyUse, ifListed } from "./columns.ts";
import { MODE_AND_OWNER, XATTRS } from "./names.ts";
import { allow, ifBits, ifOneOf, notify, refuse } from "./verdict.ts";

/**
 * ioctl requests that no device driver handles, or that do nothing to a device: those that Landlock
 * allows on devices (`is_masked_device_ioctl` in security/landlock/fs.c). Left out are the two that
 * freeze file systems, and FIOASYNC, by which a terminal chooses the receiver of SIGIO.
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
 * Requests that an emulator makes to KVM many thousand times a second, such as running a processor
 * or raising an interrupt (`linux/kvm.h`). They go to descriptors that KVM made, which have no
 * name. No other driver uses these numbers (Documentation/userspace-api/ioctl/ioctl-number.rst).
 */
const processorRequests = {
  KVM_RUN: 0xae80,
  KVM_IRQ_LINE: 0x4008ae61,
  KVM_IRQ_LINE_STATUS: 0xc008ae67,
  KVM_SIGNAL_MSI: 0x4020aea5,
} as const;

const refusedRequests = { ...terminalRequests, ...wholeFileSystemRequests };
const spell = (requests: object): string => Object.keys(requests).join(", ");

/** fcntl commands that set the receiver of a descriptor's signals, or enable the signals. */
const ownerOrAsync = ifOneOf(
  1,
  Object.values(ownerCommands),
  notify,
  ifOneOf(1, [F_SETFL], ifBits(2, O_ASYNC, notify, allow), allow),
);

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
      "judged by the 32 bits that the kernel reads",
      `Refused: ${spell(refusedRequests)}`,
      `Notified: ${spell(inodeRequests)}; ${spell(socketOwnerRequests)} and FIOASYNC where` +
        " Landlock does not confine signals",
    ].join(". "),
    ({ signalsHeld }) => {
      const ofSignals = signalsHeld ? [] : [...Object.values(socketOwnerRequests), FIOASYNC];
      const asked = [...Object.values(inodeRequests), ...ofSignals];
      return ifOneOf(1, Object.values(refusedRequests), refuse, ifOneOf(1, asked, notify, allow));
    },
  ),
  supervised: answering(
    [
      "on a device by `i`; TIOCSTI and similar requests are refused",
      "so are requests that read any file of a file system (BTRFS_IOC_SEND," +
        " XFS_IOC_OPEN_BY_HANDLE)",
      "inode flags need `a` and are set by the mediator; owners of SIGIO are judged as signals",
      "FIOASYNC is refused on terminals, TIOCSCTTY if the session contains an outside process",
      "requests that take a capability (capability-requests.ts) continue if the policy grants it",
      "a pidfd's requests are judged by its process, which must be of the domain itself",
      "everything else continues",
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
      "F_SETOWN lets the kernel send any signal to other processes, and F_SETFL with O_ASYNC on a" +
        " terminal lets it send one to the foreground group",
      "notified where no Landlock scope confines signals",
    ].join("; "),
    ({ signalsHeld }) => (signalsHeld ? allow : ownerOrAsync),
  ),
  supervised: answering(
    [
      "F_SETOWN and F_SETOWN_EX are judged as signals to that process",
      "F_SETFL with O_ASYNC is refused on terminals",
      "nothing else is notified",
    ].join("; "),
    ownerOrAsync,
  ),
};

/**
 * Every process maps memory, whether its policy lists the call or not, and only mappings of files
 * for execution are asked about. What maps memory that was written is a use that asks for `jit`.
 */
const mmap: DescriptorCall = {
  class: "descriptor",
  name: "mmap",
  voids: [],
  descriptor: 4,
  needs: () => [{ role: "object", permission: "map", if: "always" }],
  request: null,
  sealed: null,
  supervised: {
    verdict: ifBits(2, PROT_EXEC, ifBits(3, MAP_ANONYMOUS, allow, notify), allow),
    unlistedToo: "always",
    enforcing:
      "a file is mapped for execution if its name is granted `m`, and by a process with several" +
      " threads only with `memory: [dlopen]`; else EACCES or EPERM. Nothing else is notified",
  },
};

/** All other uses of a descriptor were decided when it was opened. */
export const descriptorCalls: readonly DescriptorCall[] = [
  attributes("fchmod", MODE_AND_OWNER),
  attributes("fchown", MODE_AND_OWNER),
  attributes("fsetxattr", XATTRS),
  attributes("fremovexattr", XATTRS),
  ioctl,
  fcntl,
  mmap,
];
