import { Permission as P } from "../permission.ts";
import type { Policy } from "../policy.ts";
import {
  type About,
  aboutAddresses,
  aboutNames,
  aboutSockets,
  aboutTransitions,
  aboutWords,
  everyLine,
  type Ruled,
} from "./ruled.ts";

/**
 * What the bpf-lsm engine decides, and by which hooks of the kernel. From these rows come
 * docs/engine-differences.md and `cofferdam plan --engine bpf-lsm`. test/lsm/engine-tables.test.ts
 * compares them with the programs, and with the shipped policies: each rule has a hook that decides
 * it, or a difference between the engines that says why not.
 */
export interface LsmHolding {
  readonly request: string;
  readonly hooks: readonly string[];
  /** What a policy must have. */
  readonly permission: string;
  /** The rules that decide it. */
  readonly about: About;
}

const nothing: About = () => [];
const refused = (request: string, hooks: string): LsmHolding => ({
  ...{ request, hooks: hooks.split(" "), permission: "none: it is refused" },
  about: nothing,
});
const held = (request: string, hooks: string, permission: string, about: About): LsmHolding => ({
  ...{ request, hooks: hooks.split(" "), permission, about },
});

const IPC_HOOKS = [
  "msg_queue_alloc_security msg_queue_associate msg_queue_msgctl msg_queue_msgsnd",
  "msg_queue_msgrcv shm_alloc_security shm_associate shm_shmctl shm_shmat sem_alloc_security",
  "sem_associate sem_semctl sem_semop inode_create inode_unlink",
].join(" ");
const jit = aboutWords("memory", "jit");

export const lsmHoldings: readonly LsmHolding[] = [
  held("open for reading or writing; list a directory", "file_open", "`r`, `w`", (policy) =>
    aboutNames(P.read | P.write)(policy),
  ),
  held(
    "execute: the program, a script's interpreter, the loader",
    "file_open bprm_creds_for_exec",
    "`x` and `r`",
    aboutNames(P.execute),
  ),
  held(
    "cut a file, by name or by `O_RDONLY\\|O_TRUNC`",
    "path_truncate file_truncate",
    "`w`",
    aboutNames(P.write),
  ),
  held(
    "make a file, directory, fifo, device, symbolic link",
    "path_mknod path_mkdir path_symlink",
    "`c`",
    aboutNames(P.create),
  ),
  held("bind a unix socket to a path", "path_mknod", "`listen unix`", aboutNames(P.listen, "/")),
  held(
    "bind one to an abstract name; a name of the kernel's choice is judged as `@00000`",
    "socket_bind",
    "`listen unix`",
    aboutNames(P.listen, "@"),
  ),
  held(
    "connect or send to a unix socket",
    "unix_stream_connect unix_may_send",
    "`connect unix`",
    aboutNames(P.connect),
  ),
  held("remove", "path_unlink path_rmdir", "`d`", aboutNames(P.delete)),
  held(
    "rename",
    "path_rename",
    "`d` there, `c` here, `d` of what is replaced; both ways for an exchange; the object gains " +
      "nothing by its new name",
    aboutNames(P.create | P.delete),
  ),
  held("link", "path_link", "`c`; the object gains nothing by its new name", aboutNames(P.create)),
  held(
    "chmod, chown, by name or descriptor",
    "path_chmod path_chown",
    "`a`",
    aboutNames(P.attributes),
  ),
  held(
    "times, extended attributes, access control lists",
    "inode_setattr inode_setxattr inode_removexattr inode_set_acl inode_remove_acl",
    "`a`",
    aboutNames(P.attributes),
  ),
  held(
    "inode flags and versions",
    "file_ioctl file_ioctl_compat inode_file_setattr",
    "`a`",
    aboutNames(P.attributes),
  ),
  held(
    "requests to character and block devices",
    "file_ioctl file_ioctl_compat",
    "`i`",
    aboutNames(P.ioctl),
  ),
  held("map a file for execution", "mmap_file", "`m`", aboutNames(P.map)),
  held(
    "memory that is writable or shared and executable; mprotect with execution",
    "mmap_file file_mprotect",
    "`memory: [jit]`",
    jit,
  ),
  held(
    "trace a process of the own domain, or write its memory: both change code",
    "ptrace_access_check ptrace_traceme file_open",
    "`memory: [jit]`",
    jit,
  ),
  held(
    "connect, or send to an address, also with MSG_FASTOPEN",
    "socket_connect socket_sendmsg",
    "`connect tcp`, `connect udp`; answers over UDP: `listen udp`",
    aboutAddresses("connect tcp", "connect udp"),
  ),
  held(
    "bind, and listen",
    "socket_bind socket_listen",
    "`listen tcp`, `listen udp`",
    aboutAddresses("listen tcp", "listen udp"),
  ),
  held(
    "make a socket other than TCP, UDP and unix",
    "socket_create",
    "`netlink`, `ping`, `raw`, `packet`, `vsock`; others never",
    aboutSockets,
  ),
  held(
    "receive a descriptor that another process sends, or take one (pidfd_getfd)",
    "file_receive",
    "a file: as to open it; a connection: `listen` at its own address or `connect` to its peer, " +
      "if that has a name; a socket that serves: `listen`; another family, perf, userfaultfd, a " +
      "message queue: as to make it",
    nothing,
  ),
  held("use a capability", "capable", "`capabilities`", aboutWords("capabilities")),
  held(
    "a signal to a process of another domain; to the agent and what it keeps alive none",
    "task_kill file_send_sigiotask",
    "`signals`",
    aboutWords("signals"),
  ),
  held(
    "make another process the owner of a descriptor, whom the kernel then sends signals",
    "file_fcntl",
    "`signals: [any]` and no rule beside it",
    aboutWords("signals", "any"),
  ),
  held("make or use System V or POSIX IPC", IPC_HOOKS, "`ipc`", aboutWords("ipc")),
  held(
    "keyrings",
    "key_alloc key_permission",
    "`syscalls` with add_key, request_key or keyctl",
    aboutWords("syscalls", "add_key", "request_key", "keyctl"),
  ),
  held(
    "perf",
    "perf_event_open",
    "`syscalls` with perf_event_open",
    aboutWords("syscalls", "perf_event_open"),
  ),
  held(
    "io_uring",
    "uring_override_creds uring_sqpoll uring_cmd inode_init_security_anon",
    "`syscalls` with io_uring_setup",
    aboutWords("syscalls", "io_uring_setup"),
  ),
  held(
    "userfaultfd",
    "inode_init_security_anon",
    "`syscalls` with userfaultfd",
    aboutWords("syscalls", "userfaultfd"),
  ),
  held(
    "fork, clone, threads, workers of io_uring",
    "task_alloc",
    "the child is in the domain",
    nothing,
  ),
  held(
    "execve from no domain into one",
    "bprm_creds_for_exec bprm_committed_creds",
    "a rule of `enter` on the file, of a script the script; else the unit whose control group it " +
      "is done in",
    nothing,
  ),
  held(
    "execve from one domain into another",
    "bprm_creds_from_file bprm_committed_creds",
    "`transitions` with the program, of a script the interpreter; with AT_SECURE, and not under " +
      "ptrace or no_new_privs",
    aboutTransitions,
  ),
  refused(
    "make a set-id file, or make a file one; a device node or a whiteout",
    "path_mknod path_chmod file_open path_rename",
  ),
  held(
    "chroot, but into what would pass for the host's root",
    "path_chroot",
    "`syscalls` with chroot",
    aboutWords("syscalls", "chroot"),
  ),
  refused("pivot_root", "sb_pivotroot"),
  refused("mount, remount, umount, move_mount", "sb_mount sb_remount sb_umount move_mount"),
  refused("user namespaces", "userns_create"),
  refused("bpf(2)", "bpf"),
  refused(
    "trace a process of another domain or of none, or read of it in `/proc` what only a tracer " +
      "may; be traced by a parent in another domain",
    "ptrace_access_check ptrace_traceme",
  ),
  refused(
    "change its limits, its priority or its processors, or move its memory",
    "task_setrlimit task_setnice task_setioprio task_setscheduler task_movememory",
  ),
  refused(
    "make a sibling (CLONE_PARENT), whose parent may be outside the domain and gets a signal",
    "task_alloc",
  ),
  refused(
    "a source route: IP options, IPv6 routing headers, flow labels. A datagram would first go to " +
      "an address that was not judged",
    "socket_setsockopt socket_sendmsg",
  ),
  refused("put input into a terminal (TIOCSTI, TIOCLINUX)", "file_ioctl file_ioctl_compat"),
];

/** A rule, and the hooks that decide what it grants or denies. */
export interface HeldRule extends Ruled {
  readonly hooks: readonly string[];
}

/** Every rule of the policy; without hooks what no program looks at. */
export function rulesWithHooks(policy: Policy): readonly HeldRule[] {
  const hooks = new Map<string, Set<string>>();
  for (const { about, hooks: own } of lsmHoldings)
    for (const { text } of about(policy))
      hooks.set(text, new Set([...(hooks.get(text) ?? []), ...own]));
  return everyLine(policy).map((line) => ({ ...line, hooks: [...(hooks.get(line.text) ?? [])] }));
}
