import { CLONE_FILES, CLONE_THREAD } from "../../../kernel/constants.ts";
import type { Call } from "../call.ts";
import { cloneFlags } from "./clone-flags.ts";

/**
 * Descriptors shared with what is no thread: threads are counted to know that nobody exchanges one.
 */
export function sharesDescriptors(flags: number): boolean {
  return (flags & CLONE_THREAD) === 0 && (flags & CLONE_FILES) !== 0;
}

/**
 * Before a call is answered that makes a thread or process: at enforcing none goes on that shares
 * them, and the flags of clone3 lie in memory.
 */
export function noteSharing(call: Call): void {
  if (call.level === "enforcing") return;
  if (call.name === "clone3" || sharesDescriptors(cloneFlags(call)))
    call.broker.descriptorTables.share();
}
