import { number } from "../../kernel/syscalls.ts";
import { ownerOr, signal, signalOrNone } from "../../kinds/signals/mediate.ts";
import { exec } from "./exec/exec.ts";
import { fileAttributes, inodeIoctl } from "./files/inode-flags.ts";
import { link } from "./files/link.ts";
import { mkdir, mknod, symlink } from "./files/make.ts";
import { memfd } from "./files/memfd.ts";
import { mode } from "./files/mode.ts";
import { open } from "./files/open.ts";
import { owner } from "./files/owner.ts";
import { rename } from "./files/rename.ts";
import { times } from "./files/times.ts";
import { truncate } from "./files/truncate.ts";
import { unlink } from "./files/unlink.ts";
import { xattr } from "./files/xattr.ts";
import type { Handler } from "./handler.ts";
import { coreLimit, processLimits } from "./processes/core-limit.ts";
import { joinGroup } from "./processes/process-group.ts";
import {
  affinity,
  parameter,
  scheduler,
  schedulingAttributes,
  setIoPriority,
  setPriority,
} from "./processes/scheduling.ts";
import { bind } from "./sockets/bind.ts";
import { connect } from "./sockets/connect.ts";
import { listen } from "./sockets/listen.ts";
import { sendmsg, sendto } from "./sockets/send.ts";
import { sendmmsg } from "./sockets/send-many.ts";
import { socketOption } from "./sockets/socket-option.ts";
import { selfConfine } from "./state/self-confine.ts";

/** Every other notified call is refused. */
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
  [processLimits, ["prlimit64"]],
  [coreLimit, ["setrlimit"]],
  [joinGroup, ["setpgid"]],
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

const byNumber: (Handler | undefined)[] = [];
for (const [call, handler] of handlers) {
  const nr = number(call);
  if (nr !== null) byNumber[nr] = handler;
}

export function handlerOf(number: number): Handler | null {
  return byNumber[number] ?? null;
}
