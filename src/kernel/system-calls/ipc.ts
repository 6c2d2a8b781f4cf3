import type { IpcKind } from "../../kinds/ipc/model.ts";
import type { IpcCall } from "./call.ts";
import { allow, notify, refuse } from "./verdict.ts";

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
export const ipcCalls: readonly IpcCall[] = (Object.keys(kinds) as IpcKind[]).flatMap((kind) =>
  (["get", "use"] as const).flatMap((operation) =>
    kinds[kind][operation].map((name) => row(name, kind, operation)),
  ),
);

function row(name: string, kind: IpcKind, operation: IpcCall["operation"]): IpcCall {
  return {
    class: "ipc",
    name,
    kind,
    operation,
    voids: [],
    sealed: {
      list: "may-deny",
      why:
        `granted by \`ipc: [${kind}]\` inside a private IPC namespace, whether \`syscalls\`` +
        " lists it or not; else refused",
      verdict: ({ ipc }) => (ipc.has(kind) ? allow : refuse),
    },
    supervised: { verdict: notify, unlistedToo: "unless-denied" },
  };
}
