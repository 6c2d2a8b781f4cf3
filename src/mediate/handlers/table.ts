import type { Handler } from "../handler.ts";
import { bind } from "./bind.ts";
import { connect } from "./connect.ts";
import { exec } from "./exec.ts";
import { fileAttributes, inodeIoctl } from "./inode-flags.ts";
import { link } from "./link.ts";
import { listen } from "./listen.ts";
import { mkdir, mknod, symlink } from "./make.ts";
import { memfd } from "./memfd.ts";
import { mode } from "./mode.ts";
import { open } from "./open.ts";
import { owner } from "./owner.ts";
import {
  affinity,
  ownProcess,
  parameter,
  scheduler,
  schedulingAttributes,
  setIoPriority,
  setPriority,
} from "./processes.ts";
import { rename } from "./rename.ts";
import { selfConfine } from "./self-confine.ts";
import { sendmsg, sendto } from "./send.ts";
import { sendmmsg } from "./send-many.ts";
import { ownerOr, signal, signalOrNone } from "./signals.ts";
import { socketOption } from "./socket-option.ts";
import { times } from "./times.ts";
import { truncate } from "./truncate.ts";
import { unlink } from "./unlink.ts";
import { xattr } from "./xattr.ts";

/** System calls the mediator does something about; every other notified call is refused. */
const families: readonly (readonly [Handler, readonly string[]])[] = [
  [open, ["open", "creat", "openat", "openat2"]],
  [exec, ["execve", "execveat"]],
  [truncate, ["truncate"]],
  [unlink, ["unlink", "unlinkat", "rmdir"]],
  [mkdir, ["mkdir", "mkdirat"]],
  [symlink, ["symlink", "symlinkat"]],
  [mknod, ["mknod", "mknodat"]],
  [rename, ["rename", "renameat", "renameat2"]],
  [link, ["link", "linkat"]],
  [mode, ["chmod", "fchmod", "fchmodat", "fchmodat2"]],
  [owner, ["chown", "lchown", "fchown", "fchownat"]],
  [times, ["utime", "utimes", "futimesat", "utimensat"]],
  [xattr, ["setxattr", "lsetxattr", "fsetxattr", "setxattrat"]],
  [xattr, ["removexattr", "lremovexattr", "fremovexattr", "removexattrat"]],
  [ownerOr(inodeIoctl), ["ioctl"]],
  [signalOrNone, ["fcntl", "pidfd_send_signal"]],
  [fileAttributes, ["file_setattr"]],
  [memfd, ["memfd_create"]],
  [selfConfine, ["landlock_restrict_self"]],
  [bind, ["bind"]],
  [listen, ["listen"]],
  [socketOption, ["setsockopt"]],
  [connect, ["connect"]],
  [sendto, ["sendto"]],
  [sendmsg, ["sendmsg"]],
  [sendmmsg, ["sendmmsg"]],
  [ownProcess, ["prlimit64"]],
  [affinity, ["sched_setaffinity"]],
  [scheduler, ["sched_setscheduler"]],
  [parameter, ["sched_setparam"]],
  [schedulingAttributes, ["sched_setattr"]],
  [signal, ["kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"]],
  [setPriority, ["setpriority"]],
  [setIoPriority, ["ioprio_set"]],
];

export const handlers: ReadonlyMap<string, Handler> = new Map(
  families.flatMap(([handler, calls]) => calls.map((call) => [call, handler] as const)),
);
