import { FS_IOC_FSSETXATTR, FS_IOC_SETFLAGS } from "../../../kernel/constants.ts";
import { error, never, type Outcome } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import { abi, E } from "../../sys/abi.ts";
import { c, self, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { sameFile } from "../descriptors/same-file.ts";
import { attributes, type Change, isOutcome, type Judged } from "./attributes.ts";
import { subjectAt } from "./subject.ts";

/** Bytes that the kernel takes: int; struct fsxattr (linux/fs.h). */
const ARGUMENT_BYTES: ReadonlyMap<number, number> = new Map([
  [FS_IOC_SETFLAGS, 4],
  [FS_IOC_FSSETXATTR, 28],
]);
/** struct file_attr (linux/fs.h): its first size, and a page as the kernel's limit. */
const FILE_ATTR_BYTES_MIN = 24n;
const FILE_ATTR_BYTES_MAX = 4096n;

/**
 * An ioctl that sets flags or attributes of an inode. It is made on the target's own open file, so
 * the object cannot be exchanged. All other notified requests are refused.
 */
export const inodeIoctl = attributes((call): Change | Outcome => {
  const request = call.unsigned(1);
  const size = ARGUMENT_BYTES.get(request);
  if (size === undefined) return refuseForm(call);
  const argument = call.target.memory.read(call.word(2), size);
  return {
    subject: { kind: "copied", fd: sameFile(call, call.int(0)) },
    refuse: (object) => unlessPlain(call, object),
    change: (object) => sys("ioctl", object.fd, request, argument),
  };
});

/** file_setattr(2), since Linux 6.17. */
export const fileAttributes = attributes((call): Change | Outcome => {
  const size = call.word(3);
  if (size < FILE_ATTR_BYTES_MIN) return error(E.INVAL);
  if (size > FILE_ATTR_BYTES_MAX) return error(E.TOOBIG);
  const argument = call.target.memory.read(call.word(2), Number(size));
  const subject = subjectAt(call, call.unsigned(4), true);
  if (isOutcome(subject)) return subject;
  return {
    subject,
    refuse: (object) => unlessPlain(call, object),
    change: (object) =>
      sys("file_setattr", abi.AT_FDCWD, c(self(object.fd)), argument, argument.length, 0),
  };
});

/** A device's driver would take the request for one of its own. */
function unlessPlain(call: Call, { stat }: Judged): Outcome | null {
  const plain = stat.type === abi.S_IFREG || stat.type === abi.S_IFDIR;
  return plain
    ? null
    : never(E.PERM, call.name, "inode flags of an object that is neither file nor directory");
}
