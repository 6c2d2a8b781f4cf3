import * as kernel from "../../../kernel/constants.ts";
import { abi, E } from "../../sys/abi.ts";
import { type Bytes, c, close, openat, sys } from "../../sys/sys.ts";

/** Mode of the directories on the way to the one that was judged: the target must search them. */
const VIEW_MODE = 0o755;

/**
 * Runs `operation` where the path `text` leads to nothing but `directory`, whatever the target does
 * to the names on it: in a mount namespace whose root is an empty file system with the directories
 * that the path names, on the last of which `directory` is mounted. The kernel records the string
 * that bind(2) is given, so this is how the target's own string gets into getsockname(2) and before
 * every peer's eyes without being resolved a second time.
 *
 * null where the view cannot be made (no CAP_SYS_ADMIN, or a `..` in the path): `operation` has not
 * been run. Only for a worker: the whole thread is elsewhere meanwhile.
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
    // Of this namespace: it can be cloned only before the thread leaves it.
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

/** Comes back to the namespace `home`, whose root becomes root and working directory again. */
function visit<T>(home: number, stay: () => T): T {
  try {
    return stay();
  } finally {
    // Whoever cannot come back may answer nothing more: every path would mean something else.
    if (sys("setns", home, kernel.CLONE_NEWNS) < 0) process.exit(1);
  }
}

/** A mount of `directory` that lies nowhere yet, or a negated error number. */
function clone(directory: number): number {
  const flags = kernel.OPEN_TREE_CLONE | abi.AT_EMPTY_PATH | abi.O_CLOEXEC;
  return sys("open_tree", directory, c(""), flags);
}

/** A mount of a new tmpfs that lies nowhere yet, or a negated error number (fsopen(2)). */
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

/** Makes the new file system root and working directory; 0, or a negated error number. */
function enter(root: number, judged: number, parts: readonly Bytes[]): number {
  // The way is open to whoever the thread acts for.
  const umask = sys("umask", 0);
  try {
    return first(
      // Nothing of this must be seen in other namespaces.
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

/** The first failure, or 0; what stands behind it is not done. */
function first(...steps: readonly (() => number)[]): number {
  for (const step of steps) {
    const done = step();
    if (done < 0) return done;
  }
  return 0;
}
