import { readWords } from "./proc-stat.ts";

/**
 * Whether a process is a mediator or worker, of any installation and any Node: mediators act on
 * sockets of their domains' processes, and those processes may connect whatever the mediator
 * connects. A mediator is our own program and does not hide what it runs; any other process that
 * looks like one is only refused.
 */
export function isMediatorProcess(pid: number): boolean {
  return readWords(pid)?.split("\0")[1]?.endsWith("/dist/mediator.js") === true;
}
