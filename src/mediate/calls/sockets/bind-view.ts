import { PUBLIC_FOLDER } from "../../../base/modes.ts";
import * as kernel from "../../../kernel/constants.ts";
import { abi, E } from "../../sys/abi.ts";
import { enterMounts, inMountNamespace } from "../../sys/mount-namespace.ts";
import { type Bytes, c, close, sys } from "../../sys/sys.ts";

const VIEW_MODE = PUBLIC_FOLDER;

/**
 * Runs `operation` where the path `text` leads only to `directory`, whatever the target does to
 * names on the way. `namespace`: of `domain/view.ts`. It enters a mount namespace whose root is an
 * empty file system with the directories of the path, and mounts `directory` on the last. The
 * kernel records the string that bind(2) gets and shows it to getsockname(2) and to peers. So the
 * target's own string can be used without the kernel resolving it a second time.
 *
 * null, without running `operation`, if the view cannot be made (no CAP_SYS_ADMIN, or a `..` in the
 * path). Only for a worker, because its whole thread changes the namespace.
 */
export function inViewOf(
  { directory, namespace }: { readonly directory: number; readonly namespace: number | null },
  text: Bytes,
  operation: () => number,
): number | null {
  const parts = text
    .split("/")
    .slice(0, -1)
    .filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return null;
  return inMountNamespace(
    () => (namespace === null ? 0 : enterMounts(namespace)),
    () => inNewView(directory, parts, operation),
  );
}

/** In the namespace of the directory's mount. */
function inNewView(
  directory: number,
  parts: readonly Bytes[],
  operation: () => number,
): number | null {
  // A mount can be cloned only before its thread leaves the namespace.
  const judged = clone(directory);
  const root = emptyFileSystem();
  try {
    if (Math.min(judged, root) < 0 || sys("unshare", kernel.CLONE_NEWNS) < 0) return null;
    return enter(root, judged, parts) < 0 ? null : operation();
  } finally {
    for (const fd of [judged, root]) if (fd >= 0) close(fd);
  }
}

/** Returns a detached mount, or a negated error number. */
function clone(directory: number): number {
  const flags = kernel.OPEN_TREE_CLONE | abi.AT_EMPTY_PATH | abi.O_CLOEXEC;
  return sys("open_tree", directory, c(""), flags);
}

/** Returns a detached mount, or a negated error number (fsopen(2)). */
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
