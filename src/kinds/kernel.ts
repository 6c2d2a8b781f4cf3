import type { WordCalls } from "../kernel/system-calls/call.ts";
import { ipc } from "./ipc/kernel.ts";
import type { WordSection } from "./model.ts";

/**
 * The system calls that ask for a word of each kind, and for nothing else; null where none does.
 * What other calls need of these kinds is in their rows (`kernel/system-calls/`).
 */
export const wordCalls: Readonly<Record<WordSection, WordCalls | null>> = {
  capabilities: null,
  syscalls: null,
  ipc,
  inherit: null,
  signals: null,
};
