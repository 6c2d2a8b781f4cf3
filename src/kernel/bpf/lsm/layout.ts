/**
 * Layouts of bpf/lsm/tables.h and bpf/lsm/records.h: offsets, sizes and limits.
 * test/lsm/object.test.ts compares them with C.
 */

/** Below it the host's engine is pinned (pins.ts). */
export const HOST_PINS = "/sys/fs/bpf/cofferdam";

/**
 * Of all that user space and the programs share, the policies' tables included, but not of
 * {@link lastingMaps}. Where it is another one than that of the attached programs, an upgrade
 * begins with maps of its own (`load.ts`). test/lsm/object.test.ts fails when the layout changes
 * and this does not.
 */
export const LAYOUT = 2;

/** Words of 4 bytes in one element of a policy's table. */
export const ROW_WORDS = 1024;
export const ROW_BYTES = 4 * ROW_WORDS;

/** `struct table_head`, the first row. */
export const headLayout = {
  start: 0,
  lastFinal: 4,
  classCount: 8,
  words: 12,
  netlink: 16,
  raw: 20,
  capabilities: 52,
  instead: 60,
  signalsRow: 68,
  signalCount: 72,
  networkRow: 76,
  networkStarts: 80,
  classes: 120,
  bytes: 376,
} as const;

/** `enum granted_word`. */
export const grantedWord = {
  jit: 0x1,
  ping4: 0x2,
  ping6: 0x4,
  packet: 0x8,
  vsock: 0x10,
  signals_any: 0x20,
  shm: 0x40,
  sem: 0x80,
  msg: 0x100,
  mqueue: 0x200,
  keys: 0x400,
  perf: 0x800,
  io_uring: 0x1000,
  userfaultfd: 0x2000,
  chroot: 0x4000,
} as const;

/** `struct endpoint`, by which an event names an address. */
export const endpointLayout = { use: 0, length: 1, port: 2, address: 4, bytes: 20 } as const;

/** What an endpoint is asked for, in the order of `enum endpoint_use` in bpf/lsm/tables.h. */
export const endpointUses = [
  "connect tcp",
  "connect udp",
  "listen tcp",
  "listen udp",
  "answer udp",
] as const;

/** `struct configuration`. */
export const configurationLayout = { rootDevice: 0, rootInode: 8, seed: 16, bytes: 24 } as const;

/** `struct executable`, a key. */
export const executableLayout = { domain: 0, zero: 4, path: 8, bytes: 264 } as const;
export const EXECUTABLE_BYTES = 256;
export const COMPONENT_BYTES = 64;
/** `struct unit`, a key. */
export const UNIT_BYTES = 256;
/** `struct peer`, a key. */
export const PEER_BYTES = 32;
/** In the place of a domain in `executables`. */
export const STAYS_OUTSIDE = 0xffffffff;

/** `struct label`: user space writes the first two words, and leaves the rest zero. */
export const labelLayout = { domain: 0, launched: 4, next: 8, zero: 12, bytes: 7936 } as const;

/** `enum launched`, in order. */
export const launchedStates = ["not", "bare", "filtered", "own"] as const;
/**
 * Whether a launcher started the domain's process, and whether it left it a filter of system calls.
 * `own`: a process of Cofferdam's, which is in no domain.
 */
export type Launched = (typeof launchedStates)[number];

/** `struct arrival`: the same. */
export const arrivalLayout = { domain: 0, launched: 4, taken: 8, bytes: 16 } as const;

/** `struct event`; the name follows. */
export const eventLayout = {
  time: 0,
  domain: 8,
  process: 12,
  thread: 16,
  uid: 20,
  permissions: 24,
  kind: 28,
  level: 29,
  denied: 30,
  name_state: 31,
  length: 32,
  comm: 36,
  own: 52,
  count: 56,
  bytes: 64,
} as const;

/** `enum request_kind`, in order. */
export const requestKinds = [
  ...["name", "gain", "root", "memory", "transition", "bpf"],
  ...["address", "socket", "route", "signal", "process", "capability", "service"],
  ...["set-id", "device"],
] as const;
/** `enum service`, in order. */
export const services = [
  ...["shm", "sem", "msg", "mqueue", "keys", "perf", "io_uring", "userfaultfd"],
  ...["user_namespace", "terminal"],
] as const;
/** `enum process_act`, in order. */
export const processActs = [
  ...["trace", "inspect", "traced", "limit", "schedule", "sibling", "owner"],
] as const;
/** `enum name_state`, in order. */
export const nameStates = ["found", "none", "elsewhere", "too-long", "kernel's"] as const;

/** `struct account`. */
export const accountLayout = {
  denied: 0,
  warned: 8,
  dropped: 16,
  window: 24,
  in_window: 32,
  read_to: 40,
  unread: 48,
  bytes: 56,
} as const;

/** In the place of a domain: Cofferdam's own processes. */
export const OWN_PROCESSES = 0xffffffff;

/** `struct standing`. */
export const standingLayout = { level: 0, begun: 4, bytes: 8 } as const;

/** `enum level`, in order. */
export const lsmLevels = ["enforcing", "warning", "disabled"] as const;

/** Limits of the maps, in entries; of the ring buffer in bytes. */
export const lsmLimits = {
  /** Numbers of domains, and 0. */
  policies: 65_537,
  domains: 16_384,
  executables: 32_768,
  units: 16_384,
  peers: 65_536,
  eventsBytes: 1 << 20,
  eventsPerWindow: 256,
  unreadBytes: 1 << 16,
} as const;

/** Maps whose layout is {@link LAYOUT}. */
export const layoutMaps = [
  "policies",
  "levels",
  "executables",
  "components",
  "events",
  "requests",
  "accounts",
  "units",
  "unit_generations",
  "unit_marks",
  "peers",
] as const;
export type LayoutMap = (typeof layoutMaps)[number];

/** Those whose layout is for good: which domain each task is in, and is about to enter. */
export const lastingMaps = ["labels", "arrivals"] as const;
export type LastingMap = (typeof lastingMaps)[number];

/** The maps that are pinned. */
export const lsmMaps = [...lastingMaps, ...layoutMaps];
export type LsmMap = (typeof lsmMaps)[number];

/** The programs, by the header that they are in. */
export const lsmPrograms = [
  ...["on_task_alloc"],
  ...["on_file_open", "on_file_truncate", "on_path_truncate", "on_path_chmod", "on_path_chown"],
  ...["on_mmap_file", "on_file_mprotect"],
  ...["on_path_mknod", "on_path_mkdir", "on_path_symlink", "on_path_unlink", "on_path_rmdir"],
  ...["on_path_rename", "on_path_link"],
  ...["on_exec_begins", "on_exec_credentials", "on_exec_commits"],
  ...["on_path_chroot", "on_sb_mount", "on_sb_umount", "on_sb_pivotroot", "on_sb_remount"],
  ...["on_move_mount"],
  ...["on_bpf"],
  ...["on_socket_create", "on_socket_bind", "on_socket_connect", "on_socket_sendmsg"],
  ...["on_socket_listen", "on_socket_setsockopt", "on_unix_bind"],
  ...["on_udp_received", "on_udp6_received"],
  ...["on_file_receive"],
  ...["on_unix_connect", "on_unix_send"],
  ...[
    "on_task_kill",
    "on_ptrace",
    "on_ptrace_me",
    "on_sibling",
    "on_task_setrlimit",
    "on_task_setnice",
  ],
  ...[
    "on_owner_signal",
    "on_task_setioprio",
    "on_task_setscheduler",
    "on_task_movememory",
    "on_file_fcntl",
  ],
  ...["on_capable"],
  ...["on_shm_alloc_security", "on_shm_associate", "on_shm_shmctl", "on_shm_shmat"],
  ...["on_sem_alloc_security", "on_sem_associate", "on_sem_semctl", "on_sem_semop"],
  ...["on_msg_queue_alloc_security", "on_msg_queue_associate", "on_msg_queue_msgctl"],
  ...["on_msg_queue_msgsnd", "on_msg_queue_msgrcv", "on_key_alloc", "on_key_permission"],
  ...["on_perf_event_open", "on_uring_override_creds", "on_uring_sqpoll", "on_uring_cmd"],
  ...["on_userns_create", "on_inode_create", "on_inode_unlink"],
  ...["on_anonymous_inode"],
  ...["on_set_times", "on_inode_setxattr", "on_inode_removexattr", "on_inode_set_acl"],
  ...["on_inode_remove_acl", "on_inode_file_setattr", "on_file_ioctl", "on_file_ioctl_compat"],
] as const;
export type LsmProgram = (typeof lsmPrograms)[number];

/** Programs whose hooks not every kernel that takes the engine has, with the hook. */
export const laterPrograms: ReadonlyMap<LsmProgram, string> = new Map([
  ["on_inode_file_setattr", "inode_file_setattr"],
]);
