import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
} from "../../../kernel/constants.ts";
import type { Call } from "../call.ts";

/** CLONE_NEWTIME is left out: in clone() its bit belongs to the exit signal. */
export const NEW_NAMESPACES =
  CLONE_NEWNS |
  CLONE_NEWCGROUP |
  CLONE_NEWUTS |
  CLONE_NEWIPC |
  CLONE_NEWUSER |
  CLONE_NEWPID |
  CLONE_NEWNET;

/** struct clone_args (clone(2)) begins with its flags, 64 bits. */
const FLAGS_BYTES = 8;

/** The low half of the flags of clone, or of clone3, whose lie in memory. */
export function cloneFlags(call: Call): number {
  return call.name === "clone"
    ? call.unsigned(0)
    : call.target.memory.read(call.word(0), FLAGS_BYTES).readUInt32LE(0);
}
