/** Symbolic links followed in one walk; the kernel's MAXSYMLINKS. */
export const LINKS_MAX = 40;
/** Milliseconds that one call may take on a slow file system; then its caller gets EIO. */
export const SLOW_CALL_MS_MAX = 10_000;
/**
 * Milliseconds that an idle worker has to end when the domain has ended; less than the holder gives
 * the mediator.
 */
export const WORKER_END_MS_MAX = 1_500;
/**
 * Workers of a domain that a file system holds on to although they were killed; then its slow calls
 * are refused.
 */
export const HANGING_WORKERS_MAX = 4;
/** Calls that wait for slow file systems at a time. */
export const SLOW_CALLS_MAX = 32;
/** Names tried for a unix socket that is to be bound to any free one. */
export const AUTOBIND_ATTEMPTS_MAX = 16;
/** Messages that one sendmmsg sends; its caller expects fewer than it asked for. */
export const MESSAGES_MAX = 64;
/** Times an open is tried again when the name appears or disappears under it. */
export const OPEN_ATTEMPTS_MAX = 8;
/** Milliseconds that a worker is kept without work: it is a process of some 40 MB. */
export const WORKER_IDLE_MS_MAX = 30_000;
/** Mediators that may die over one call; then nobody tries it again. */
export const TAKE_OVERS_MAX = 2;
/**
 * Descriptors of a domain that were exchanged for a file of a slow file system just when they were
 * copied; then none is copied any more. As many threads of the mediator may wait for their close.
 */
export const UNCLOSED_MAX = 16;
/**
 * Milliseconds until what no descriptor tells of is looked at again; then twice as many each time.
 */
export const LOOK_MS = 5;
/** Milliseconds between two such looks, however long it has waited. */
export const LOOK_MS_MAX = 40;
/**
 * Parents that are followed to know of what domain a process is, or whether it descends from one
 * that confined itself.
 */
export const ANCESTORS_MAX = 64;
/** Processes of a domain of which it is remembered. */
export const KIN_KEPT_MAX = 1_024;
/** Milliseconds between two looks at what is due. */
export const TICK_MS = 100;
/** Domains that one mediator serves at a time. */
export const DOMAINS_MAX = 256;
/** Of one claimant that is not root: one domain as one user, whose sessions they may be. */
export const DOMAINS_OF_ONE_MAX = 64;
/** Of all that run as other users than root, so that root's daemons find room. */
export const DOMAINS_OF_USERS_MAX = 192;
/**
 * Milliseconds for which a claimant that kept the shared mediator waiting has mediators of one run.
 */
export const QUARANTINE_MS = 600_000;
/**
 * Times within these, or with retired mediators that live, until then: on a busy host a slow disk
 * does it to a domain that means no harm.
 */
export const RETIRED_UNTIL_QUARANTINE = { root: 8, user: 4 } as const;
/** Retired mediators of users that live at a time; then all users' runs have their own. */
export const RETIRED_OF_USERS_MAX = 16;
/** Connections of holders that have not said yet what they bring. */
export const CALLERS_MAX = 16;
/** Milliseconds that a holder has to say it. */
export const CALLER_MS_MAX = 2_000;
/** Supplementary groups of a process; the kernel's NGROUPS_MAX. */
export const GROUPS_MAX = 65_536;
/** Bytes of the plan the mediator reads. */
export const PLAN_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of one extended attribute's name, the kernel's XATTR_NAME_MAX, with its NUL. */
export const XATTR_NAME_MAX = 256;
/**
 * Bytes of one datagram or packet: a send buffer is as large only where net.core.wmem_max was
 * raised or CAP_NET_ADMIN used.
 */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes of a stream that are sent at a time, before others have their turn. */
export const STREAM_BYTES_MAX = 256 * 1024;
/**
 * The same for each domain of a shared mediator: with {@link DOMAINS_MAX} domains it must not run
 * out of descriptors.
 */
export const THREADS_KEPT_SHARED_MAX = 16;
/** Descriptors that the calls of one domain keep, where the process may have as many. */
export const DESCRIPTORS_OF_DOMAIN_MAX = 1_024;
/** However few the process may have. */
export const DESCRIPTORS_OF_DOMAIN_MIN = 64;
/** Descriptors that are no call's: Node's own, the table of mounts, listeners, holders, workers. */
export const DESCRIPTORS_RESERVED = 256;
/** Descriptors for which a shared mediator has room from the start, 8 bytes each. */
export const DESCRIPTOR_TABLE_MAX = 65_536;
/** Domains of a shared mediator that may use up their descriptors at a time, others none. */
export const DOMAINS_HOARDING_MAX = 8;
/**
 * Threads of the host up to which the loop looks at every process; a few milliseconds. Beyond it a
 * worker does.
 */
export const HOST_THREADS_LOOKED_AT_MAX = 2_000;
/** Threads whose entries in /proc are held open between calls, at most three descriptors each. */
export const THREADS_KEPT_MAX = 64;
/** Bytes of /proc/TID/status: BROKERED_GROUPS_MAX groups of eleven characters, and the rest. */
export const STATUS_BYTES_MAX = 16 * 1024;
/**
 * Milliseconds for which a thread with more groups than that is refused without a look: the kernel
 * writes all of them out before it gives the first.
 */
export const MANY_GROUPS_MS = 1_000;
/** Sets of capabilities whose bytes are kept: a host's daemons have a few. */
export const CAPABILITY_SETS_KEPT_MAX = 64;
/**
 * Milliseconds between two looks of a stand-by at the active mediator's loop while that works. A
 * step that is in hand at two looks is a long one.
 */
export const WATCH_MS = 4;
/** Milliseconds after which a long step must still be blocked in the kernel. */
export const CONFIRM_MS = 1;
/** Milliseconds that a loop which wants to be retired waits for it. */
export const RETIRED_MS_MAX = 500;
/** Milliseconds that a step may have a processor. */
export const BUSY_MS_MAX = 15;
/** Looks without a step in between after which a stand-by sleeps until the next one. */
export const LOOKS_WITHOUT_A_STEP_MAX = 32;
/** Calls that a stand-by judges for practice, of a sealed and of a supervised domain each. */
export const CALLS_REHEARSED = 600;
/** Between two looks at the active mediator's loop. */
export const CALLS_REHEARSED_AT_A_TIME = 4;
/** Domains that are passed to a stand-by before calls are answered again. */
export const PASSED_AT_A_TIME_MAX = 64;
/** First and longest pause before a stand-by is started again, milliseconds. */
export const STAND_BY_RETRY_MS_MIN = 100;
export const STAND_BY_RETRY_MS_MAX = 10_000;
/** Milliseconds until a shared mediator tries again to write a log that another process writes. */
export const LOG_AGAIN_MS = 100;
/** How often the records of a control group's programs are looked at, milliseconds. */
export const RECORDS_LOOK_MS = 100;
/** Records of one domain that become events before others have their turn. */
export const RECORDS_PER_LOOK = 32;
/**
 * Milliseconds that an impersonator has for a call which does not wait: longer means that it was
 * stopped.
 */
export const IMPERSONATOR_MS_MAX = 5_000;
/** Milliseconds between two looks at whether the target of one that waits has a signal to take. */
export const IMPERSONATOR_LOOK_MS = 40;
