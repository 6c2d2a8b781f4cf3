import type { IpcCall } from "../../../kernel/system-calls/call.ts";
import { decide } from "../../../model/decide.ts";
import { CONTINUE, type Outcome } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import type { Call } from "../call.ts";

/**
 * System V IPC and message queues. They are granted by kind, never by key or id, so the registers
 * suffice.
 */
export function judgeIpc(call: Call, { kind }: IpcCall): Outcome {
  const request = { class: "ipc", kind } as const;
  if (decide(call.broker.policy, request).outcome === "granted") return CONTINUE;
  const refusal = {
    class: "ipc",
    operation: call.name,
    object: kind,
    reason: "no-rule",
    request,
  } as const;
  return { kind: "refused", errno: E.PERM, refusal };
}
