import { addressCalls } from "./addresses.ts";
import type { MediatedCall } from "./call.ts";
import { descriptorCalls } from "./descriptors.ts";
import { escapeCalls } from "./escapes.ts";
import { execCalls } from "./exec.ts";
import { ipcCalls } from "./ipc.ts";
import { nameCalls } from "./names.ts";
import { plainCalls } from "./plain.ts";
import { privilegeCalls } from "./privileges.ts";
import { processCalls } from "./processes.ts";
import { socketCalls } from "./sockets.ts";
import { stateCalls } from "./state.ts";
import { unmediatedNameCalls } from "./unmediated-names.ts";
import { untouchableCalls } from "./untouchable.ts";

/**
 * Every system call of x86_64 with what it means to a supervised domain: which of its uses are
 * notified, how its arguments are read, what the policy must grant, what each level answers. The
 * filter (`compile/seccomp/supervised/`), the mediator (`mediate/calls/`) and
 * `docs/system-calls.md` are made of this table; `test/kernel/system-calls.test.ts` holds it
 * against the kernel's.
 */
export const mediatedCalls: readonly MediatedCall[] = [
  ...nameCalls,
  ...execCalls,
  ...addressCalls,
  ...socketCalls,
  ...processCalls,
  ...privilegeCalls,
  ...stateCalls,
  ...descriptorCalls,
  ...ipcCalls,
  ...escapeCalls,
  ...unmediatedNameCalls,
  ...plainCalls,
  ...untouchableCalls,
];

const byName: ReadonlyMap<string, MediatedCall> = new Map(
  mediatedCalls.map((call) => [call.name, call]),
);

/** The row of a call; null for one that is newer than the table. */
export function mediatedCall(name: string): MediatedCall | null {
  return byName.get(name) ?? null;
}
