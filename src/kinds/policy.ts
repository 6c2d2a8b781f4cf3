import type { WordSyntax } from "../policy/word-syntax.ts";
import { capabilities } from "./capabilities/policy.ts";
import { inherit } from "./inherit/policy.ts";
import { ipc } from "./ipc/policy.ts";
import { memory } from "./memory/policy.ts";
import type { WordSection, Words } from "./model.ts";
import { signals } from "./signals/policy.ts";
import { syscalls } from "./syscalls/policy.ts";

export const wordSyntax: { readonly [S in WordSection]: WordSyntax<Words[S]> } = {
  capabilities,
  syscalls,
  ipc,
  memory,
  inherit,
  signals,
};
