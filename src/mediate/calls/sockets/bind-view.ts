import * as kernel from "../../../kernel/constants.ts";
import { abi, E } from "../../sys/abi.ts";
import { type Bytes, c, close, openat, sys } from "../../sys/sys.ts";

/** Mode of the directories above the judged one, which the target must be able to search. */
const VIEW_MODE = 0o755;

/**
 * Runs `operation` where the path `text` leads only to `directory`, whatever the target does to
 * names on the way. It enters a mount namespace whose root is an empty file system with the
 * directories of the path, and mounts `directory` on the last. The kernel records the string that
 * bind(2) gets and shows it to getsockname(2) and to peers. So the target's own string can be used
 * without the kernel resolving it a second time.
 *
 * null where the view cannot be made (no CAP_SYS_ADMIN, or a `..` in the path); `operation` has not
 * run then. Only for a worker, because its whole thread changes the namespace.
 */
export function inViewOf(directory: number, text: Bytes, operation: () => number): number | null {
  const parts = text
    .split("/")
    .slice(0, -1)
    .filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return null;
  const held: number[] = [];
  const opened = (fd: number): number => {
    if (fd >= 0) held.push(fd);
    return fd;
  };
  try {
    const home = opened(openat(abi.AT_FDCWD, "/proc/self/ns/mnt", 0));
    // A mount can be cloned only before its thread leaves the namespace.
    const judged = opened(clone(directory));
    const root = opened(emptyFileSystem());
    if (Math.min(home, judged, root) < 0) return null;
    return sys("unshare", kernel.CLONE_NEWNS) < 0
      ? null
      : visit(home, () => (enter(root, judged, parts) < 0 ? null : operation()));
  } finally {
    for (const fd of held) close(fd);
  }
}

/** Returns to the namespace `home`, whose root becomes root and working directory again. */
function visit<T>(home: number, stay: () => T): T {
  try {
    return stay();
  } finally {
    // In the wrong namespace every path would mean something else, so the worker must answer
    // nothing.
    if (sys("setns", home, kernel.CLONE_NEWNS) < 0) process.exit(1);
  }
}

/** A detached mount of `directory`, or a negated error number. */
function clone(directory: number): number {
  const flags = kernel.OPEN_TREE_CLONE | abi.AT_EMPTY_PATH | abi.O_CLOEXEC;
  return sys("open_tree", directory, c(""), flags);
}

/** A detached mount of a new tmpfs, or a negated error number (fsopen(2)). */
function emptyFileSystem(): number {
  const context = sys("fsopen", c("tmpfs"), kernel.FSOPEN_CLOEXEC);
  if (context < 0) return context;
  const { FSCONFIG_SET_STRING, FSCONFIG_CMD_CREATE, FSMOUNT_CLOEXEC } = kernel;
  const failed = Math.min(
    sys("fsconfig", context, FSCONFIG_SET_STRING, c("mode"), c(VIEW_MODE.toString(8)), 0),
    sys("fsconfig", context, FSCONFIG_CMD_CREATE, null, null, 0),
  );
  const mount = failed < 0 ? failed : sys("fsmount", context, FSMOUNT_CLOEXEC, 0);
  close(context);
  return mount;
}

/** Makes the new file system root and working directory. Returns 0 or a negated error number. */
function enter(root: number, judged: number, parts: readonly Bytes[]): number {
  // The directories must be open to the target.
  const umask = sys("umask", 0);
  try {
    return first(
      // Private, so that nothing of this propagates to other namespaces.
      () => sys("mount", null, c("/"), null, kernel.MS_REC | kernel.MS_PRIVATE, null),
      () => moveTo(root, abi.AT_FDCWD, "/"),
      ...parts.map((_, index) => () => makeDirectory(root, parts.slice(0, index + 1).join("/"))),
      () => moveTo(judged, root, parts.length === 0 ? "." : parts.join("/")),
      () => sys("fchdir", root),
      () => sys("chroot", c(".")),
      () => sys("chdir", c("/")),
    );
  } finally {
    sys("umask", umask);
  }
}

function makeDirectory(root: number, path: Bytes): number {
  const made = sys("mkdirat", root, c(path), VIEW_MODE);
  return made === -E.EXIST ? 0 : made;
}

function moveTo(mount: number, directory: number, path: Bytes): number {
  return sys("move_mount", mount, c(""), directory, c(path), kernel.MOVE_MOUNT_F_EMPTY_PATH);
}

/** Runs steps up to the first failure and returns it, or 0. */
function first(...steps: readonly (() => number)[]): number {
  for (const step of steps) {
    const done = step();
    if (done < 0) return done;
  }
  return 0;
}
