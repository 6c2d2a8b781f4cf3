import {
  LANDLOCK_ACCESS_FS_EXECUTE,
  LANDLOCK_ACCESS_FS_IOCTL_DEV,
  LANDLOCK_ACCESS_FS_MAKE_BLOCK,
  LANDLOCK_ACCESS_FS_MAKE_CHAR,
  LANDLOCK_ACCESS_FS_MAKE_DIR,
  LANDLOCK_ACCESS_FS_MAKE_FIFO,
  LANDLOCK_ACCESS_FS_MAKE_REG,
  LANDLOCK_ACCESS_FS_MAKE_SOCK,
  LANDLOCK_ACCESS_FS_MAKE_SYM,
  LANDLOCK_ACCESS_FS_READ_DIR,
  LANDLOCK_ACCESS_FS_READ_FILE,
  LANDLOCK_ACCESS_FS_REFER,
  LANDLOCK_ACCESS_FS_REMOVE_DIR,
  LANDLOCK_ACCESS_FS_REMOVE_FILE,
  LANDLOCK_ACCESS_FS_TRUNCATE,
  LANDLOCK_ACCESS_FS_WRITE_FILE,
} from "../../kernel/constants.ts";
import { landlockAbiOf } from "../../kernel/features.ts";
import type { HostFacts } from "../../kernel/host-facts.ts";
import { Permission, type PermissionSet } from "../../model/permission.ts";

/** From this ABI on files can move between directories. Below it sealed domains do not start. */
const LANDLOCK_ABI_MIN = landlockAbiOf("landlock-files") ?? 0;
const ABI_TRUNCATE = 3;

/** The rights to make names. Device nodes are handled and never granted. */
const makes =
  LANDLOCK_ACCESS_FS_MAKE_REG |
  LANDLOCK_ACCESS_FS_MAKE_DIR |
  LANDLOCK_ACCESS_FS_MAKE_SYM |
  LANDLOCK_ACCESS_FS_MAKE_FIFO |
  LANDLOCK_ACCESS_FS_MAKE_SOCK;
const devices = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
const removes = LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR;

/** On a directory and, if they differ, on a file's own inode. */
const rightsOf: readonly { permission: PermissionSet; directory: bigint; file: bigint }[] = [
  {
    permission: Permission.read,
    directory: LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    file: LANDLOCK_ACCESS_FS_READ_FILE,
  },
  {
    permission: Permission.write,
    directory: LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE,
    file: LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE,
  },
  {
    permission: Permission.execute,
    directory: LANDLOCK_ACCESS_FS_EXECUTE,
    file: LANDLOCK_ACCESS_FS_EXECUTE,
  },
  {
    permission: Permission.ioctl,
    directory: LANDLOCK_ACCESS_FS_IOCTL_DEV,
    file: LANDLOCK_ACCESS_FS_IOCTL_DEV,
  },
  { permission: Permission.create, directory: makes, file: 0n },
  { permission: Permission.delete, directory: removes, file: 0n },
];

/** All rights that Landlock knows on this host, so that rights without a rule are denied. */
export function handledRights(facts: HostFacts): bigint {
  const first = rightsOf.reduce((all, { directory }) => all | directory, 0n) | devices;
  const known = first & ~(LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV);
  return (
    known |
    (facts.landlockAbi >= LANDLOCK_ABI_MIN ? LANDLOCK_ACCESS_FS_REFER : 0n) |
    (facts.landlockAbi >= ABI_TRUNCATE ? LANDLOCK_ACCESS_FS_TRUNCATE : 0n) |
    (facts.features["landlock-ioctl"].state === "yes" ? LANDLOCK_ACCESS_FS_IOCTL_DEV : 0n)
  );
}

export function directoryRights(permissions: PermissionSet, refer: boolean): bigint {
  return sum(permissions, "directory") | (refer ? LANDLOCK_ACCESS_FS_REFER : 0n);
}

/** The kernel refuses directory rights on a rule for anything else (EINVAL). */
export function fileRights(permissions: PermissionSet): bigint {
  return sum(permissions, "file");
}

function sum(permissions: PermissionSet, on: "directory" | "file"): bigint {
  return rightsOf.reduce(
    (rights, entry) => ((permissions & entry.permission) !== 0 ? rights | entry[on] : rights),
    0n,
  );
}
