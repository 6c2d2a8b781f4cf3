import { CLONE_FILES, CLONE_THREAD } from "../../../kernel/constants.ts";
import type { Call } from "../call.ts";
import { cloneFlags } from "./clone-flags.ts";

/**
 * Whether a process other than a thread would share the descriptors. Call.isAlone only counts
 * threads.
 */
export function sharesDescriptors(flags: number): boolean {
  return (flags & CLONE_THREAD) === 0 && (flags & CLONE_FILES) !== 0;
}

/**
 * Records a call that may make a process share descriptors, before it is answered. At enforcing no
 * such call goes on. The flags of clone3 lie in memory, so any clone3 counts.
 */
export function noteSharing(call: Call): void {
  if (call.level === "enforcing") return;
  if (call.name === "clone3" || sharesDescriptors(cloneFlags(call)))
    call.broker.descriptorTables.share();
}
