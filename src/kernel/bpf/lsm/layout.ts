/**
 * Layouts of bpf/lsm/tables.h and bpf/lsm/records.h: offsets, sizes and limits.
 * test/lsm/object.test.ts compares them with C.
 */

/** Words of 4 bytes in one element of a policy's table. */
export const ROW_WORDS = 64;
export const ROW_BYTES = 4 * ROW_WORDS;

/** `struct table_head`, the first row. */
export const headLayout = {
  start: 0,
  classCount: 4,
  nextRow: 8,
  statesRow: 12,
  words: 16,
  bytes: 20,
} as const;

/** `enum granted_word`. */
export const grantedWord = { jit: 1 } as const;

/** `struct configuration`. */
export const configurationLayout = { rootDevice: 0, rootInode: 8, seed: 16, bytes: 24 } as const;

/** `struct executable`, a key. */
export const executableLayout = { domain: 0, zero: 4, path: 8, bytes: 264 } as const;
export const EXECUTABLE_BYTES = 256;
export const COMPONENT_BYTES = 64;

/** `struct label`: user space writes the domain and leaves the rest zero. */
export const labelLayout = { domain: 0, bytes: 5704 } as const;

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
  bytes: 56,
} as const;

/** `enum request_kind`, in order. */
export const requestKinds = ["name", "gain", "root", "memory", "transition", "bpf"] as const;
/** `enum name_state`, in order. */
export const nameStates = ["found", "none", "elsewhere", "too-long", "kernel's"] as const;

/** `struct account`. */
export const accountLayout = {
  denied: 0,
  warned: 8,
  dropped: 16,
  window: 24,
  in_window: 32,
  bytes: 40,
} as const;

/** `enum level`, in order. */
export const lsmLevels = ["enforcing", "warning", "disabled"] as const;

/** Limits of the maps, in entries; of the ring buffer in bytes. */
export const lsmLimits = {
  domains: 16_384,
  executables: 32_768,
  eventsBytes: 1 << 20,
  eventsPerWindow: 256,
} as const;

/** The maps that are pinned. */
export const lsmMaps = [
  "policies",
  "levels",
  "executables",
  "components",
  "events",
  "requests",
  "accounts",
  "labels",
] as const;
export type LsmMap = (typeof lsmMaps)[number];

/** The programs, by the header that they are in. */
export const lsmPrograms = [
  ...["on_task_alloc"],
  ...["on_file_open", "on_file_truncate", "on_path_truncate", "on_path_chmod", "on_path_chown"],
  ...["on_mmap_file", "on_file_mprotect"],
  ...["on_path_mknod", "on_path_mkdir", "on_path_symlink", "on_path_unlink", "on_path_rmdir"],
  ...["on_path_rename", "on_path_link"],
  ...["on_exec_begins", "on_exec_credentials", "on_exec_commits"],
  ...["on_path_chroot", "on_sb_mount", "on_sb_umount", "on_sb_pivotroot", "on_move_mount"],
  ...["on_bpf"],
] as const;
