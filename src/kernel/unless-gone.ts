import { hasCode } from "./errno-error.ts";

/** Of a process below /proc that has ended, or that the caller may not see. */
const processGone = ["ENOENT", "ESRCH", "EACCES", "EPERM"] as const;

/**
 * What `work` returns; null if it fails with one of the errors by which the kernel says that the
 * object is gone. By default these are the errors of a process below /proc. Any other error is
 * thrown.
 */
export function unlessGone<T>(work: () => T, gone: readonly string[] = processGone): T | null {
  try {
    return work();
  } catch (error) {
    if (hasCode(error, ...gone)) return null;
    throw error;
  }
}
