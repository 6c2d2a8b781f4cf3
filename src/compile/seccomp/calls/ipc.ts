import { allow, refuse } from "../../../kernel/system-calls/verdict.ts";
import type { IpcKind } from "../../../model/policy.ts";
import type { CallRow } from "../call-row.ts";

const kinds: Readonly<Record<IpcKind, readonly string[]>> = {
  shm: ["shmget", "shmat", "shmdt", "shmctl"],
  sem: ["semget", "semop", "semtimedop", "semctl"],
  msg: ["msgget", "msgsnd", "msgrcv", "msgctl"],
  mqueue: ["mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr"],
};

/**
 * Keys and ids are not judged one by one: a grant means a private namespace, and then everything in
 * it.
 */
export const ipcCalls: readonly CallRow[] = Object.entries(kinds).map(([kind, calls]) => ({
  calls,
  class: "ipc",
  applies: "always",
  why: `granted by \`ipc: [${kind}]\` inside a private IPC namespace, whether \`syscalls\` lists it or not; else refused`,
  verdict: (context) => (context.ipc.has(kind as IpcKind) ? allow : refuse),
}));
