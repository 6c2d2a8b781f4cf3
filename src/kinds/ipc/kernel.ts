import type { WordCall, WordCalls } from "../../kernel/system-calls/call.ts";
import { allow, notify, refuse } from "../../kernel/system-calls/verdict.ts";
import { type IpcKind, ipcKinds } from "./model.ts";

/** `get`: by key or name. `use`: by an id or descriptor, which may be guessed or inherited. */
const kinds: Readonly<
  Record<IpcKind, { readonly get: readonly string[]; readonly use: readonly string[] }>
> = {
  shm: { get: ["shmget"], use: ["shmat", "shmdt", "shmctl"] },
  sem: { get: ["semget"], use: ["semop", "semtimedop", "semctl"] },
  msg: { get: ["msgget"], use: ["msgsnd", "msgrcv", "msgctl"] },
  mqueue: {
    get: ["mq_open", "mq_unlink"],
    use: ["mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr"],
  },
};

/**
 * System V IPC and POSIX message queues. Keys and ids are not judged one by one: a grant of the
 * kind means a private namespace (ARCHITECTURE.md), and then everything in it.
 */
export const ipc: WordCalls = {
  class: "ipc",
  title: "System V IPC and message queues",
  about:
    "The policy's `ipc` grants these calls by kind, whether `syscalls` lists them or not. If it" +
    " grants a kind at the start, the filter of a supervised domain notifies only calls that find" +
    " an object by its key or name, and not those that use the object afterwards.",
  warning: "continues; logged if it is outside the policy",
  enforcing: "continues if the policy grants the kind; else EPERM",
  calls: ipcKinds.flatMap((kind) => {
    const { get, use } = kinds[kind];
    return [
      ...get.map((name) => row(name, kind, "get")),
      ...use.map((name) => row(name, kind, "use")),
    ];
  }),
  uses: [],
};

function row(name: string, kind: IpcKind, operation: "get" | "use"): WordCall {
  return {
    class: "ipc",
    name,
    asks: { class: "ipc", kind },
    lookedAt: `\`${kind}\`${operation === "get" ? "" : ", in use"}`,
    voids: [],
    sealed: {
      list: "may-deny",
      why:
        `granted by \`ipc: [${kind}]\` inside a private IPC namespace, whether \`syscalls\`` +
        " lists it or not; else refused",
      verdict: ({ words }) => (words.ipc.has(kind) ? allow : refuse),
    },
    supervised: { verdict: notify, unlistedToo: "unless-denied" },
    // Calls by key or name are always notified: the policy may take the grant back.
    ifGranted: operation === "use" ? allow : null,
  };
}
