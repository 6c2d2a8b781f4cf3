export const REDACTED = "[redacted]";
