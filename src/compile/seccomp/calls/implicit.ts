import { allow } from "../../../kernel/system-calls/verdict.ts";
import type { CallRow } from "../call-row.ts";

/**
 * What the launcher needs between installing the filter and the daemon's first instruction, and
 * what the kernel calls itself.
 */
export const implicitCalls: readonly CallRow[] = [
  {
    calls: ["execve"],
    class: "implicit",
    applies: "always",
    why: "the launcher starts the daemon with it; what may be executed is Landlock's",
    verdict: () => allow,
  },
  {
    calls: ["close", "write", "exit", "exit_group"],
    class: "implicit",
    applies: "always",
    why: "the launcher ends with it, or says why it could not go on",
    verdict: () => allow,
  },
  {
    calls: ["rt_sigreturn", "restart_syscall", "uretprobe", "uprobe"],
    class: "implicit",
    applies: "always",
    why: "the kernel enters it on the process's behalf; refusing it kills the process",
    verdict: () => allow,
  },
];
