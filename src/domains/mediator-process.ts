import { readWords } from "./proc-stat.ts";

/**
 * Whether a process is a mediator or worker, of any installation and any Node. Mediators act on
 * sockets of their domains' processes, so what a mediator connects to may have been chosen by such
 * a process. A mediator does not hide what it runs; any other process that looks like one is
 * refused, which does no harm.
 */
export function isMediatorProcess(pid: number): boolean {
  return readWords(pid)?.split("\0")[1]?.endsWith("/dist/mediator.js") === true;
}
