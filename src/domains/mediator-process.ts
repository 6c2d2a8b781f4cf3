import { readWords } from "./proc-stat.ts";

/**
 * Whether a process is a mediator or worker, of whichever installation and on whichever node:
 * mediators act on sockets of their domains' processes, and what they connect those may connect. It
 * is our own program and does not hide what it runs; whoever else calls himself so is only refused.
 */
export function isMediatorProcess(pid: number): boolean {
  return readWords(pid)?.split("\0")[1]?.endsWith("/dist/mediator.js") === true;
}
