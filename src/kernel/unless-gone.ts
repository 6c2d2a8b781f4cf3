import { hasCode } from "./errno-error.ts";

/**
 * What `read` finds below /proc; null where the process is gone (ENOENT, ESRCH) or hidden from who
 * asks (EACCES, EPERM): both are answers, everything else is an error.
 */
export function unlessGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return null;
    throw error;
  }
}
