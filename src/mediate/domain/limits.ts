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
