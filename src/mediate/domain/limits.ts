/**
 * Milliseconds for which level warning believes that an open it found inside still leads to the
 * same name.
 */
export const VERDICT_AGE_MS_MAX = 1_000;
/** Such verdicts remembered. */
export const VERDICTS_KEPT_MAX = 4_096;
/**
 * Bytes of a program's head that are read for who interprets it; the kernel looks for a script's in
 * 256.
 */
export const PROGRAM_HEAD_BYTES = 4_096;
/** Names of which a policy in force has said lately what may be done to them. */
export const NAMES_KEPT_MAX = 128;
/** Programs of one domain of which is remembered who interprets them. */
export const PROGRAMS_KEPT_MAX = 128;
/** Bytes of a name that is kept so: with many domains a longer one costs too much. */
export const NAME_KEPT_BYTES_MAX = 256;
/**
 * Milliseconds since a file's last change from which on it is remembered. A change within the same
 * tick of the file system's clock would leave no trace: that of FAT goes every two seconds.
 */
export const UNCHANGED_MS_MIN = 3_000;
/** Interpreters of interpreters: one more than the kernel follows (fs/exec.c, exec_binprm). */
export const INTERPRETERS_MAX = 6;
/**
 * Descriptors of a process with threads that are looked at for one ioctl; one with more is refused.
 */
export const DESCRIPTORS_LOOKED_AT_MAX = 4_096;
/**
 * Bytes of the directory of such a process's descriptors that the loop reads, some 250 of them and
 * a few milliseconds; a worker looks at more.
 */
export const DESCRIPTORS_BYTES_AT_ONCE = 6 * 1_024;
