import type { Call } from "../call.ts";

/** struct clone_args (clone(2)) begins with its flags, 64 bits. */
const FLAGS_BYTES = 8;

/** Those of clone are in its register's low half, those of clone3 in the target's memory. */
export function cloneFlags(call: Call): number {
  return call.name === "clone"
    ? call.unsigned(0)
    : call.target.memory.read(call.word(0), FLAGS_BYTES).readUInt32LE(0);
}
