import type { ChildProcess } from "node:child_process";

/**
 * Sends a signal to a child that was started. A child that could not be started for lack of
 * descriptors or processes has no id. Node's own `kill` would then signal process 0: every process
 * in this process's group, including the caller's shell.
 */
export function killChild(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): void {
  if (child.pid !== undefined) child.kill(signal);
}
