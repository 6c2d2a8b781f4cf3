import { wordCalls } from "../../kinds/kernel.ts";
import { number } from "../syscalls.ts";
import { addressCalls } from "./addresses.ts";
import type { SystemCall, WordUse } from "./call.ts";
import { descriptorCalls } from "./descriptors.ts";
import { escapeCalls } from "./escapes.ts";
import { execCalls } from "./exec.ts";
import { nameCalls } from "./names.ts";
import { plainCalls } from "./plain.ts";
import { privilegeCalls } from "./privileges.ts";
import { processCalls } from "./processes.ts";
import { socketCalls } from "./sockets.ts";
import { stateCalls } from "./state.ts";
import { unmediatedNameCalls } from "./unmediated-names.ts";
import { untouchableCalls } from "./untouchable.ts";

/**
 * Every system call of x86_64: its class of request, how its arguments are read, and how each mode
 * treats it. The filters (`compile/seccomp/`), the mediator (`mediate/calls/`), the notified calls
 * in `cofferdam plan`, and `docs/system-calls.md` are made from this table.
 * `test/kernel/system-calls/` compares it with the kernel's.
 */
export const systemCalls: readonly SystemCall[] = [
  ...nameCalls,
  ...execCalls,
  ...addressCalls,
  ...socketCalls,
  ...processCalls,
  ...privilegeCalls,
  ...stateCalls,
  ...descriptorCalls,
  ...Object.values(wordCalls).flatMap((kind) => kind?.calls ?? []),
  ...escapeCalls,
  ...unmediatedNameCalls,
  ...plainCalls,
  ...untouchableCalls,
];

const byName: ReadonlyMap<string, SystemCall> = new Map(
  systemCalls.map((call) => [call.name, call]),
);

/** Unused numbers are holes. */
const byNumber: (SystemCall | undefined)[] = [];
for (const call of systemCalls) {
  const nr = number(call.name);
  if (nr !== null) byNumber[nr] = call;
}

/** null for a call that is newer than the table. */
export function systemCall(name: string): SystemCall | null {
  return byName.get(name) ?? null;
}

/** As the mediator needs it for each notification. */
export function systemCallOf(number: number): SystemCall | null {
  return byNumber[number] ?? null;
}

const uses = new Map<string, readonly WordUse[]>();
for (const use of Object.values(wordCalls).flatMap((kind) => kind?.uses ?? []))
  uses.set(use.name, [...(uses.get(use.name) ?? []), use]);

const noUses: readonly WordUse[] = [];

/** The uses of a call that ask for a word, besides what its row says. */
export function wordUsesOf(name: string): readonly WordUse[] {
  return uses.get(name) ?? noUses;
}
