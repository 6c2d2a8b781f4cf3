import { readWords } from "./proc-stat.ts";
import { numbersIn } from "./processes.ts";

/** What the service's processes execute: the agent, and what it keeps alive. */
const PROGRAM = /\/dist\/(?:mediator|collector|kernel-collector|cofferdam)\.js$/;
/** Other commands are an administrator's. */
const SERVING = new Set(["agent", "sessions"]);

/** Cofferdam's own processes on this host. A process that only looks like one is no less safe. */
export function ownProcesses(): readonly number[] {
  return numbersIn("/proc").filter((process) => {
    const [, program = "", command = ""] = readWords(process)?.split("\0") ?? [];
    const isOurs = PROGRAM.test(program);
    return isOurs && (!program.endsWith("/cofferdam.js") || SERVING.has(command));
  });
}
