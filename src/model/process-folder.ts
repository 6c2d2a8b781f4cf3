/** The pattern for any number, such as the next one of a process. */
export const ANY_NUMBER = "[0-9]*";

/**
 * Whether that part of a name on procfs, split at `/`, is a number of a process or thread:
 * `/proc/PID`, `/proc/PID/task/TID`.
 */
export function isProcessFolder(parts: readonly string[], at: number): boolean {
  const isNumber = /^\d+$/.test(parts[at] ?? "");
  return isNumber && parts[1] === "proc" && (at === 2 || (at === 4 && parts[3] === "task"));
}
