import type { WordCalls } from "../kernel/system-calls/call.ts";
import { ipc } from "./ipc/kernel.ts";
import { memory } from "./memory/kernel.ts";
import type { WordSection } from "./model.ts";

/**
 * null if no system call asks only for a word of the kind. What other calls need of these kinds is
 * in their rows (`kernel/system-calls/`).
 */
export const wordCalls: Readonly<Record<WordSection, WordCalls | null>> = {
  capabilities: null,
  syscalls: null,
  ipc,
  memory,
  inherit: null,
  signals: null,
};
