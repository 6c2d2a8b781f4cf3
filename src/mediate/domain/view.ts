import { readFileSync, readlinkSync } from "node:fs";
import { abi } from "../sys/abi.ts";
import { enterMounts, inMountNamespace } from "../sys/mount-namespace.ts";
import {
  close,
  fstat,
  openat,
  openPath,
  type Stat,
  sameObject,
  self,
  splitDevice,
} from "../sys/sys.ts";
import { Mounts } from "../walk/mounts.ts";
import { canonical } from "../walk/place.ts";
import type { Namespaces } from "./handed.ts";

const OWN_PROC = "/proc/self";

/**
 * The mount and user namespace in which a domain began. The names in its policy mean what its
 * processes see there. They are the mediator's own, or those of a service (`PrivateTmp=`,
 * `PrivateUsers=`). The holder tells which: it began before the daemon, in the same namespaces. A
 * process that makes or enters another namespace later is served by no name ({@link
 * foreignNamespace}).
 */
export interface View {
  /** The text of the link ns/mnt in /proc for every process in it. */
  readonly link: string;
  /** The same of ns/user. */
  readonly users: string;
  /**
   * In the mediator's own user namespace. Elsewhere no capability of the domain's processes counts:
   * each is one over that namespace alone (user_namespaces(7)).
   */
  readonly hasCapabilities: boolean;
  readonly mounts: Mounts;
  /** Enters it; null where this process is in it. */
  readonly namespace: number | null;
  /** Its root directory, O_PATH. */
  readonly root: number;
  /** Whether a directory is its root, so that the kernel's names begin there. */
  isRoot(directory: number): boolean;
  close(): void;
}

/** The view of this process. */
export function ownView(mayWait: boolean): View {
  const mountinfo = openat(abi.AT_FDCWD, `${OWN_PROC}/mountinfo`, 0);
  const proc = openPath(abi.AT_FDCWD, "/proc");
  const root = openPath(abi.AT_FDCWD, "/");
  const mounts = new Mounts(mayWait, { mountinfo, proc: deviceOf(proc) });
  close(proc);
  return {
    link: readlinkSync(`${OWN_PROC}/ns/mnt`),
    users: readlinkSync(`${OWN_PROC}/ns/user`),
    hasCapabilities: true,
    mounts,
    namespace: null,
    root,
    isRoot: isOwnRoot,
    close: () => {
      for (const fd of [mountinfo, root]) close(fd);
    },
  };
}

/** The view of a domain that was handed over. Throws where it cannot be had. */
export function viewOf({ mounts, users }: Namespaces, own: View, mayWait: boolean): View {
  const view = mounts === null ? { ...own, close: () => undefined } : amongMounts(mounts, mayWait);
  if (users === null) return { ...view, users: own.users, hasCapabilities: true };
  const inode = fstat(users);
  if (typeof inode !== "number")
    return { ...view, users: `user:[${inode.inode.low}]`, hasCapabilities: false };
  view.close();
  throw new Error("the user namespace in which the domain began cannot be looked at");
}

function amongMounts(namespace: number, mayWait: boolean): Omit<View, "users" | "hasCapabilities"> {
  const inode = fstat(namespace);
  const { mountinfo, root, proc } = openedIn(namespace);
  const held = fstat(root);
  const table = { mountinfo, proc: isOurs(proc) ? deviceOf(proc) : null };
  const name = canonical(root);
  close(proc);
  const shut = (): void => {
    for (const fd of [mountinfo, root]) close(fd);
  };
  if (typeof inode === "number" || typeof held === "number" || mountinfo < 0 || name !== "/") {
    shut();
    throw new Error("the mounts among which the domain began cannot be looked at");
  }
  return {
    link: `mnt:[${inode.inode.low}]`,
    mounts: new Mounts(mayWait, table),
    namespace,
    root,
    isRoot: (directory) => isSame(fstat(directory), held),
    close: shut,
  };
}

interface Opened {
  readonly mountinfo: number;
  readonly root: number;
  readonly proc: number;
}

const NOTHING: Opened = { mountinfo: -1, root: -1, proc: -1 };

/** Nothing in the namespace is trusted: mountinfo is opened through this process's own /proc. */
function openedIn(namespace: number): Opened {
  const own = openPath(abi.AT_FDCWD, `${OWN_PROC}/.`);
  const opened = inMountNamespace(
    () => enterMounts(namespace),
    () => ({
      mountinfo: openat(own, "mountinfo", 0),
      root: openPath(abi.AT_FDCWD, "/"),
      proc: openPath(abi.AT_FDCWD, "/proc"),
    }),
  );
  close(own);
  return opened ?? NOTHING;
}

/**
 * Whether a procfs numbers processes as this process's pid namespace does: seen through it, this
 * process has one number (NSpid of proc_pid_status(5) begins with the instance's own).
 */
function isOurs(proc: number): boolean {
  try {
    const status = readFileSync(`${self(proc)}/self/status`, "latin1");
    return new RegExp(`^NSpid:\t${process.pid}$`, "m").test(status);
  } catch {
    // No procfs, or one of a namespace in which this process has no number.
    return false;
  }
}

/** As mountinfo writes it; null where nothing is open. */
function deviceOf(fd: number): string | null {
  const stat = fstat(fd);
  if (typeof stat === "number") return null;
  return splitDevice(stat.device).join(":");
}

/** Whether the directory is this process's root. */
export function isOwnRoot(directory: number): boolean {
  const fd = openPath(abi.AT_FDCWD, "/");
  const own = fstat(fd);
  close(fd);
  return typeof own !== "number" && isSame(fstat(directory), own);
}

function isSame(one: ReturnType<typeof fstat>, other: Stat): boolean {
  return typeof one !== "number" && sameObject(one, other) && one.mount === other.mount;
}
