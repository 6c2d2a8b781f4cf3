/**
 * Different events that get a line of their own between two flushes of the log; the others are
 * counted in one.
 */
export const EVENTS_NAMED_MAX = 1_000;
/**
 * Distinct events that are remembered for folding; beyond that the oldest is flushed and dropped.
 */
export const FOLDED_EVENTS_MAX = 4_096;
export const FOLD_FLUSH_MS = 5_000;
/** Times that a short or interrupted write of one event is continued. */
export const WRITE_ATTEMPTS_MAX = 100;
/** Longest line taken from the mediator's pipe, bytes; a longer one is dropped and counted. */
export const LINE_BYTES_MAX = 64 * 1024;
/**
 * Receive buffer of the audit socket: about 30,000 records while the collector does something else.
 */
export const AUDIT_BUFFER_BYTES = 8 * 1024 * 1024;
/**
 * Records the kernel keeps for the audit socket while Cofferdam has switched auditing on; the
 * kernel's default is 64.
 */
export const AUDIT_BACKLOG_RECORDS = 8_192;
/**
 * Milliseconds for which the collector waits for the domain's last records once the mediator's pipe
 * is closed.
 */
export const GRACE_MS = 500;
/** Records taken from the audit socket before other work gets its turn. */
export const RECORDS_PER_TURN = 256;
/** Half-received audit events that are kept for their remaining records. */
export const PENDING_SERIALS_MAX = 1_024;
/**
 * Milliseconds between readings of the cgroup programs' records, which hold 2,048 different
 * refusals.
 */
export const CGROUP_POLL_MS = 100;
/**
 * Longest record of the log: two names of PATH_MAX bytes fit however they are escaped. A longer one
 * is counted and not written.
 */
export const RECORD_BYTES_MAX = 64 * 1024;
/** Size at which a file of the log is closed and the next one begun. */
export const LOG_FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Closed files of the log that are kept, `events.jsonl.1` the newest of them. */
export const LOG_OLD_FILES_MAX = 8;
/** Records that wait in memory while the log cannot be written; further ones are counted. */
export const LOG_WAITING_MAX = 1_024;
/** Milliseconds after a failed write until the log is tried again. */
export const LOG_RETRY_MS = 1_000;
/**
 * Milliseconds for which a write waits for another writer of the log: a writer holds the lock for
 * microseconds, a stopped one forever.
 */
export const LOG_LOCK_WAIT_MS = 200;
/**
 * The same for a repeated attempt: a stopped writer must not cost others more than a fiftieth of
 * their time.
 */
export const LOG_LOCK_RETRY_WAIT_MS = 20;
export const LOG_BATCH_BYTES = 256 * 1024;
/** What is read of a log's end if its good length is unknown. */
export const LOG_TAIL_BYTES = 4 * RECORD_BYTES_MAX;
export const LOG_CHUNK_BYTES = 256 * 1024;
/** Breaks of the chain that are reported one by one; the others are counted. */
export const LOG_FINDINGS_MAX = 100;
/** Size at which vmkernel.log and vobd.log are closed and begun anew. */
export const TEXT_LOG_BYTES_MAX = 8 * 1024 * 1024;
export const TEXT_LOG_OLD_FILES_MAX = 4;
/** Records forwarded at once, after which the caller saves the progress. */
export const FORWARD_RECORDS_MAX = 512;
export const FOLLOW_POLL_MS = 250;
