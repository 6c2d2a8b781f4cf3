import type { IpcKind } from "../../model/policy.ts";
import type { IpcCall } from "./call.ts";
import { notify } from "./verdict.ts";

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
 * System V IPC and POSIX message queues: by kind, in a private namespace or not at all
 * (ARCHITECTURE.md).
 */
export const ipcCalls: readonly IpcCall[] = Object.entries(kinds).flatMap(([kind, calls]) =>
  (["get", "use"] as const).flatMap((operation) =>
    calls[operation].map(
      (name): IpcCall => ({
        class: "ipc",
        name,
        kind: kind as IpcKind,
        operation,
        when: notify,
        voids: [],
      }),
    ),
  ),
);
