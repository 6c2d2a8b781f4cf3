/** Distinct accesses that are kept of a domain; records of others are counted. */
export const NEEDS_KEPT_MAX = 500;
/** Their size in the domain's file, bytes: names may be long. */
export const NEEDS_BYTES_MAX = 256 * 1024;
/** Grants that are kept of a domain as used: as many as a policy may have rules. */
export const USED_KEPT_MAX = 20_000;
/** Milliseconds between looks at what mediators have marked: a host that crashes loses so much. */
export const USED_LOOK_MS = 60_000;
/** Files of marks for each domain's number; those that were opened longest ago are removed. */
export const USED_FILES_MAX = 8;
/** Longest text of a gap, characters. */
export const GAP_LENGTH_MAX = 300;
/** Records read before other work gets its turn. */
export const EVIDENCE_RECORDS_MAX = 2_000;
/** Such turns for one answer, after which the answer says that there is more to read. */
export const EVIDENCE_TURNS_MAX = 100;
/** Milliseconds for which changes are gathered before they are written to disk. */
export const EVIDENCE_SAVE_MS = 5_000;
