/**
 * Different events that get a line of their own between two flushes of the log; the rest is counted
 * in one.
 */
export const EVENTS_NAMED_MAX = 1_000;
/**
 * Distinct events that are remembered for folding; the oldest is flushed and forgotten beyond that.
 */
export const FOLDED_EVENTS_MAX = 4_096;
/** How often repeats are reported, milliseconds. */
export const FOLD_FLUSH_MS = 5_000;
/** Times that a short or interrupted write of one event is continued. */
export const WRITE_ATTEMPTS_MAX = 100;
/** Longest line taken from the mediator's pipe, bytes; a longer one is dropped and counted. */
export const LINE_BYTES_MAX = 64 * 1024;
/**
 * Receive buffer of the audit socket, bytes: about 30,000 records while the collector does
 * something else.
 */
export const AUDIT_BUFFER_BYTES = 8 * 1024 * 1024;
/** Records the kernel keeps for the audit socket while auditing is ours; its default is 64. */
export const AUDIT_BACKLOG_RECORDS = 8_192;
/**
 * How long the collector waits for the domain's last records once the mediator's pipe is closed,
 * milliseconds.
 */
export const GRACE_MS = 500;
/** Records taken from the audit socket before other work gets its turn. */
export const RECORDS_PER_TURN = 256;
/** Half-received audit events that are kept for their remaining records. */
export const PENDING_SERIALS_MAX = 1_024;
/**
 * How often the records of the cgroup's programs are read, milliseconds: they remember 2,048
 * different refusals.
 */
export const CGROUP_POLL_MS = 100;
/**
 * Longest record of the log, bytes: two names of PATH_MAX bytes fit however they are escaped. A
 * longer one is not written and counted.
 */
export const RECORD_BYTES_MAX = 64 * 1024;
/** Size beyond which a file of the log is closed and the next one begun, bytes. */
export const LOG_FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Closed files of the log that are kept, `events.jsonl.1` the newest of them. */
export const LOG_OLD_FILES_MAX = 8;
/** Records that wait in memory while the log cannot be written; what comes beyond is counted. */
export const LOG_WAITING_MAX = 1_024;
/** How long after a failed write the log is tried again, milliseconds. */
export const LOG_RETRY_MS = 1_000;
/**
 * How long a write waits for another writer of the log, milliseconds: a writer holds the lock for
 * microseconds, a stopped one for ever.
 */
export const LOG_LOCK_WAIT_MS = 200;
/**
 * The same for a write that is tried again: a writer that was stopped must not cost others more
 * than a fiftieth of their time.
 */
export const LOG_LOCK_RETRY_WAIT_MS = 20;
/** Bytes written to the log at once. */
export const LOG_BATCH_BYTES = 256 * 1024;
/** What of a log's end is looked at where nothing says how far it was good, bytes. */
export const LOG_TAIL_BYTES = 4 * RECORD_BYTES_MAX;
/** Bytes read from a log at once. */
export const LOG_CHUNK_BYTES = 256 * 1024;
/** Breaks of the chain that are told one by one; the rest is counted. */
export const LOG_FINDINGS_MAX = 100;
/** Size beyond which vmkernel.log and vobd.log are closed and begun anew, bytes. */
export const TEXT_LOG_BYTES_MAX = 8 * 1024 * 1024;
/** Closed files of these that are kept. */
export const TEXT_LOG_OLD_FILES_MAX = 4;
/** Records forwarded at once, after which the caller saves how far it is. */
export const FORWARD_RECORDS_MAX = 512;
/** How often a follower looks for new records, milliseconds. */
export const FOLLOW_POLL_MS = 250;
