/** Symbolic links followed in one walk; the kernel's MAXSYMLINKS. */
export const LINKS_MAX = 40;
/** Milliseconds that one call may take on a slow file system; then its caller gets EIO. */
export const SLOW_CALL_MS_MAX = 10_000;
/** Milliseconds that an idle worker has to end when the domain has ended. */
export const WORKER_END_MS_MAX = 500;
/** Calls that wait for slow file systems at a time. */
export const SLOW_CALLS_MAX = 32;
/** Times an open is tried again when the name appears or disappears under it. */
export const OPEN_ATTEMPTS_MAX = 8;
/** Processes remembered to have confined themselves further; beyond it every process counts as such. */
export const SELF_CONFINED_MAX = 256;
/** Supplementary groups of a process; the kernel's NGROUPS_MAX. */
export const GROUPS_MAX = 65_536;
/** Bytes of the plan the mediator reads. */
export const PLAN_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of one extended attribute's name, the kernel's XATTR_NAME_MAX, with its NUL. */
export const XATTR_NAME_MAX = 256;
/** Bytes taken of one message: more than any datagram has (net.core.wmem_default is 212,992). */
export const MESSAGE_BYTES_MAX = 256 * 1024;
/** Threads whose entries in /proc are held open between calls, two descriptors each. */
export const THREADS_KEPT_MAX = 64;
/** Bytes of /proc/TID/status: GROUPS_MAX groups of up to eleven characters, and the rest. */
export const STATUS_BYTES_MAX = 1024 * 1024;
