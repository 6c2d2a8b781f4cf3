/** Stands where a secret was. */
export const REDACTED = "[redacted]";
