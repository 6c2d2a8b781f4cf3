/** Different events that get a line of their own between two flushes of the log; the rest is counted in one. */
export const EVENTS_NAMED_MAX = 1_000;
/** Distinct events that are remembered for folding; the oldest is flushed and forgotten beyond that. */
export const FOLDED_EVENTS_MAX = 4_096;
/** How often repeats are reported, milliseconds. */
export const FOLD_FLUSH_MS = 5_000;
/** Times that a short or interrupted write of one event is continued. */
export const WRITE_ATTEMPTS_MAX = 100;
/** Longest line taken from the mediator's pipe, bytes; a longer one is dropped and counted. */
export const LINE_BYTES_MAX = 64 * 1024;
/** Receive buffer of the audit socket, bytes: about 30,000 records while the collector does something else. */
export const AUDIT_BUFFER_BYTES = 8 * 1024 * 1024;
/** Records the kernel keeps for the audit socket while auditing is ours; its default is 64. */
export const AUDIT_BACKLOG_RECORDS = 8_192;
/** How long the collector waits for the domain's last records once the mediator's pipe is closed, milliseconds. */
export const GRACE_MS = 500;
/** Records taken from the audit socket before other work gets its turn. */
export const RECORDS_PER_TURN = 256;
/** Half-received audit events that are kept for their remaining records. */
export const PENDING_SERIALS_MAX = 1_024;
/** How often the records of the cgroup's programs are read, milliseconds: they remember 2,048 different refusals. */
export const CGROUP_POLL_MS = 100;
