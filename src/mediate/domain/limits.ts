/** Milliseconds for which the remembered verdict of an open at level warning is used. */
export const VERDICT_AGE_MS_MAX = 1_000;
/** Remembered verdicts per domain. */
export const VERDICTS_KEPT_MAX = 4_096;
/**
 * Bytes that are read of a program's head to find its interpreter. The kernel looks at 256 for a
 * script's.
 */
export const PROGRAM_HEAD_BYTES = 4_096;
/** Names whose permissions are kept, per policy in force. */
export const NAMES_KEPT_MAX = 128;
/** Programs per domain whose facts are kept. */
export const PROGRAMS_KEPT_MAX = 128;
/** Bytes of a name that is kept; with many domains a longer one costs too much memory. */
export const NAME_KEPT_BYTES_MAX = 256;
/**
 * Milliseconds since a file's last change after which it is remembered. A second change in the same
 * tick of the file system's clock would leave no trace; FAT's tick is two seconds.
 */
export const UNCHANGED_MS_MIN = 3_000;
/** Interpreters of interpreters: one more than the kernel follows (fs/exec.c, exec_binprm). */
export const INTERPRETERS_MAX = 6;
/**
 * Descriptors of a process with threads that are examined for one ioctl. With more, it is refused.
 */
export const DESCRIPTORS_LOOKED_AT_MAX = 4_096;
/**
 * Bytes of such a process's descriptor directory that the loop reads: some 250 descriptors, in a
 * few milliseconds. A worker examines more.
 */
export const DESCRIPTORS_BYTES_AT_ONCE = 6 * 1_024;
