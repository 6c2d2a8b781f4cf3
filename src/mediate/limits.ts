/** Symbolic links followed in one walk: the kernel's MAXSYMLINKS. */
export const LINKS_MAX = 40;
/** Milliseconds for one call on a slow file system. Then its caller gets an error. */
export const SLOW_CALL_MS_MAX = 10_000;
/**
 * Milliseconds that an idle worker has to end after its domain. Less than the holder gives the
 * mediator.
 */
export const WORKER_END_MS_MAX = 1_500;
/**
 * Workers of a domain that hang in a file system although they were killed. With so many, the
 * domain's slow calls are refused.
 */
export const HANGING_WORKERS_MAX = 4;
/** Calls of a domain that wait for slow file systems at a time. */
export const SLOW_CALLS_MAX = 32;
/** Names or ports tried for a socket that is bound to any free one. */
export const AUTOBIND_ATTEMPTS_MAX = 16;
/** Messages that one sendmmsg sends. Callers must expect fewer than they asked for. */
export const MESSAGES_MAX = 64;
/** Attempts of an open whose name appears or disappears meanwhile. */
export const OPEN_ATTEMPTS_MAX = 8;
/** Milliseconds that an idle worker is kept: it takes some 40 MB. */
export const WORKER_IDLE_MS_MAX = 30_000;
/** Mediators that may die over one call. Then it is not tried again. */
export const TAKE_OVERS_MAX = 2;
/**
 * Descriptors that a domain exchanged for a file of a slow file system just as they were copied.
 * Then no more are copied. As many threads of the mediator may be blocked in close(2).
 */
export const UNCLOSED_MAX = 16;
/** Milliseconds until the first poll of something that no descriptor reports. Doubled each time. */
export const LOOK_MS = 5;
/** The longest pause between two such polls, milliseconds. */
export const LOOK_MS_MAX = 40;
/**
 * Parents that are followed to find a process's domain, or whether it descends from one that
 * confined itself.
 */
export const ANCESTORS_MAX = 64;
/** Processes of a domain whose descent is kept. */
export const KIN_KEPT_MAX = 1_024;
/** Milliseconds between two checks of what is due. */
export const TICK_MS = 100;
/** Domains that one mediator serves at a time. */
export const DOMAINS_MAX = 256;
/** Domains of one claimant that is not root: one domain as one user, with all sessions. */
export const DOMAINS_OF_ONE_MAX = 64;
/** Domains of all users but root together, so that root's daemons find room. */
export const DOMAINS_OF_USERS_MAX = 192;
/** Milliseconds for which a claimant that blocked the shared mediator has mediators of its own. */
export const QUARANTINE_MS = 600_000;
/**
 * Retirements within {@link QUARANTINE_MS}, or with a live retired mediator, until quarantine. Not
 * the first: on a busy host a slow disk makes an innocent domain block, too.
 */
export const RETIRED_UNTIL_QUARANTINE = { root: 8, user: 4 } as const;
/** Retired mediators of users that may live at a time. Then all users' runs have their own. */
export const RETIRED_OF_USERS_MAX = 16;
/** Connections of holders that have not handed anything over yet. */
export const CALLERS_MAX = 16;
/** Milliseconds that a holder has to do so. */
export const CALLER_MS_MAX = 2_000;
/** Supplementary groups of a process: the kernel's NGROUPS_MAX. */
export const GROUPS_MAX = 65_536;
/** Size of a plan that the mediator reads, bytes. */
export const PLAN_BYTES_MAX = 64 * 1024 * 1024;
/** Size of an extended attribute's name with its NUL, bytes: the kernel's XATTR_NAME_MAX. */
export const XATTR_NAME_MAX = 256;
/**
 * Size of one datagram or packet, bytes. A send buffer is larger only where net.core.wmem_max was
 * raised or CAP_NET_ADMIN used.
 */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes of a stream that are sent before other domains have their turn. */
export const STREAM_BYTES_MAX = 256 * 1024;
/**
 * Threads kept per domain of a shared mediator, which must not run out of descriptors with {@link
 * DOMAINS_MAX} domains.
 */
export const THREADS_KEPT_SHARED_MAX = 16;
/** Descriptors that the calls of one domain may keep, if the process's limit allows it. */
export const DESCRIPTORS_OF_DOMAIN_MAX = 1_024;
/** Descriptors that they may keep in any case. */
export const DESCRIPTORS_OF_DOMAIN_MIN = 64;
/**
 * Descriptors that belong to no call: Node's own, the table of mounts, listeners, holders, workers.
 */
export const DESCRIPTORS_RESERVED = 256;
/** Descriptors for which a shared mediator has room from the start, 8 bytes each. */
export const DESCRIPTOR_TABLE_MAX = 65_536;
/** Domains of a shared mediator that may use up their descriptors at the same time. */
export const DOMAINS_HOARDING_MAX = 8;
/**
 * Threads of the host up to which the loop looks at every process, in a few milliseconds. Beyond it
 * a worker does.
 */
export const HOST_THREADS_LOOKED_AT_MAX = 2_000;
/** Threads whose entries in /proc are held open between calls, at most three descriptors each. */
export const THREADS_KEPT_MAX = 64;
/**
 * Size of /proc/TID/status, bytes: BROKERED_GROUPS_MAX groups of eleven characters, and the rest.
 */
export const STATUS_BYTES_MAX = 16 * 1024;
/**
 * Milliseconds for which a thread with more groups is refused without a look: the kernel writes all
 * of them out before it returns the first.
 */
export const MANY_GROUPS_MS = 1_000;
/** Capability sets whose bytes are kept: a host's daemons use a few. */
export const CAPABILITY_SETS_KEPT_MAX = 64;
/**
 * Milliseconds between two looks of a stand-by at the active mediator's loop while that works. A
 * step seen at two looks is a long one.
 */
export const WATCH_MS = 4;
/** Milliseconds after which a long step must still be blocked in the kernel. */
export const CONFIRM_MS = 1;
/** Milliseconds that a loop which wants to be retired waits for it. */
export const RETIRED_MS_MAX = 500;
/** Milliseconds of processor time that a step may take. */
export const BUSY_MS_MAX = 15;
/**
 * Events that one step writes to the log. 64 of them, written by code that had never run before,
 * took longer than {@link BUSY_MS_MAX}.
 */
export const LOGGED_IN_STEP_MAX = 8;
/** Looks without a new step after which a stand-by sleeps until the next step. */
export const LOOKS_WITHOUT_A_STEP_MAX = 32;
/** Calls that a stand-by judges for practice, for each of the two modes. */
export const CALLS_REHEARSED = 600;
/** Such calls between two looks at the active mediator's loop. */
export const CALLS_REHEARSED_AT_A_TIME = 4;
/** Domains that are passed to a stand-by before calls are answered again. */
export const PASSED_AT_A_TIME_MAX = 64;
/** First and longest pause before a stand-by is started again, milliseconds. */
export const STAND_BY_RETRY_MS_MIN = 100;
export const STAND_BY_RETRY_MS_MAX = 10_000;
/**
 * Milliseconds until a shared mediator tries again to write a log that another process is writing.
 */
export const LOG_AGAIN_MS = 100;
/** Milliseconds between two reads of the records of a control group's programs. */
export const RECORDS_LOOK_MS = 100;
/**
 * Milliseconds between looks whether a collector has loaded the program that records uses of
 * capabilities.
 */
export const USES_TRY_AGAIN_MS = 1_000;
/** Records of one domain that become events before other domains have their turn. */
export const RECORDS_PER_LOOK = 32;
/**
 * Milliseconds that an impersonator has for a call that does not wait. Then it must have been
 * stopped.
 */
export const IMPERSONATOR_MS_MAX = 5_000;
/**
 * Milliseconds between two checks whether the target of a waiting impersonator has a pending
 * signal.
 */
export const IMPERSONATOR_LOOK_MS = 40;
