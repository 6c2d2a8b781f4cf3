import { readFileSync } from "node:fs";

const PATTERN_FILE = "/proc/sys/kernel/core_pattern";

/** `kernel.core_pattern` (core(5)); empty if it cannot be read. */
export function readCorePattern(): string {
  try {
    return readFileSync(PATTERN_FILE, "utf8").trimEnd();
  } catch {
    return "";
  }
}

/** Sent to a socket (Linux 6.16), whatever the limit of core files. */
export function isSentWhateverTheLimit(corePattern: string): boolean {
  return corePattern.startsWith("@");
}

/** What the kernel does at a crash of a process that may dump core; completes "a crash ...". */
export function crashWords(corePattern: string): string {
  const [first] = corePattern;
  if (first === undefined) return "does what `kernel.core_pattern` says";
  if (first === "|") {
    const [program = ""] = corePattern.slice(1).trim().split(" ");
    return `starts \`${program}\` as root, in no domain`;
  }
  if (first === "@") return `is sent to the socket \`${corePattern.replace(/^@+/, "")}\``;
  if (first === "/") return `writes \`${corePattern}\``;
  return `replaces \`${corePattern}\` in the folder in which the daemon is`;
}
