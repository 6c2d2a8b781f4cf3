import type { ChildProcess } from "node:child_process";

/**
 * Sends a signal to a child, if there is one. A child that could not be started for want of
 * descriptors or processes has no id, and Node's own `kill` then sends the signal to process 0: to
 * everybody in this process's group, the caller's shell included.
 */
export function killChild(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): void {
  if (child.pid !== undefined) child.kill(signal);
}
