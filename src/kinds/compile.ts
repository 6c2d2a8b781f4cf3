import type { WordHolding } from "../compile/word-holding.ts";
import { inherit } from "./inherit/compile.ts";
import { ipc } from "./ipc/compile.ts";
import type { WordSection, Words } from "./model.ts";
import { signals } from "./signals/compile.ts";
import { syscalls } from "./syscalls/compile.ts";

/** What a plan makes of each kind's rules. */
export const wordHolding: { readonly [S in WordSection]: WordHolding<Words[S]> } = {
  // Whole, as the bounding set: `capabilities/compile.ts`.
  capabilities: {},
  syscalls,
  ipc,
  inherit,
  signals,
};
