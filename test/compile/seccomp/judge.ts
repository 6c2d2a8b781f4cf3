import { buildSealedFilter } from "../../../src/compile/seccomp/sealed-filter.ts";
import { number } from "../../../src/kernel/syscalls.ts";
import type { SealedContext } from "../../../src/kernel/system-calls/sealed-context.ts";
import { run } from "./interpreter.ts";

export const X86_64 = 0xc000003e;

export type Answer = "allow" | "notify" | `errno ${number}`;

export function spell(action: number): Answer {
  if (action === 0x7fff0000) return "allow";
  if (action === 0x7fc00000) return "notify";
  if (action >>> 16 === 0x0005) return `errno ${action & 0xffff}`;
  throw new Error(`action 0x${action.toString(16)} is not used`);
}

const filters = new Map<SealedContext, Uint8Array>();

/** What the compiled filter says to one call; arguments are 64-bit values as in registers. */
export function judge(
  context: SealedContext,
  call: string | number,
  args: readonly (number | bigint)[] = [],
  arch = X86_64,
): Answer {
  let filter = filters.get(context);
  if (filter === undefined) {
    filter = buildSealedFilter(context);
    filters.set(context, filter);
  }
  const nr = typeof call === "number" ? call : number(call);
  if (nr === null) throw new Error(`${call} is no system call`);
  return spell(
    run(filter, { nr, arch, args: [...args, 0, 0, 0, 0, 0, 0].slice(0, 6).map(BigInt) }),
  );
}
