import type { WordSyntax } from "../policy/word-syntax.ts";
import { capabilities } from "./capabilities/policy.ts";
import { inherit } from "./inherit/policy.ts";
import { ipc } from "./ipc/policy.ts";
import type { WordSection, Words } from "./model.ts";
import { signals } from "./signals/policy.ts";
import { syscalls } from "./syscalls/policy.ts";

/** How each kind of the list in `model.ts` is written. */
export const wordSyntax: { readonly [S in WordSection]: WordSyntax<Words[S]> } = {
  capabilities,
  syscalls,
  ipc,
  inherit,
  signals,
};
