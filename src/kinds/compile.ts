import type { WordHolding } from "../compile/word-holding.ts";
import { inherit } from "./inherit/compile.ts";
import { ipc } from "./ipc/compile.ts";
import { memory } from "./memory/compile.ts";
import type { WordSection, Words } from "./model.ts";
import { signals } from "./signals/compile.ts";

export const wordHolding: { readonly [S in WordSection]: WordHolding<Words[S]> } = {
  // `capabilities/compile.ts` takes them as a whole, as the bounding set.
  capabilities: {},
  // Groups are granted without what no domain is given (`2-resolve`), and the rows of these calls
  // refuse them whatever the policy lists.
  syscalls: {},
  ipc,
  memory,
  inherit,
  signals,
};
