import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, MFD_NOEXEC_SEAL } from "../constants.ts";
import type { ExecCall } from "./call.ts";
import { allow, ifBits, notify } from "./verdict.ts";

/** Calls that execute a file, or make memory that could be. */
export const execCalls: readonly ExecCall[] = [
  {
    class: "exec",
    name: "execve",
    when: notify,
    voids: ["credentials", "descriptors"],
    path: { role: "object", directory: null, path: 0, follow: { kind: "always" } },
    enforcing:
      "checked by `x`; the holder lets it go on, stops the new program before its first instruction, and ends it if it is another one than was checked",
  },
  {
    class: "exec",
    name: "execveat",
    when: notify,
    voids: ["credentials", "descriptors"],
    path: {
      ...{ role: "object", directory: 0, path: 1 },
      follow: {
        kind: "unless",
        flags: { kind: "register", argument: 4 },
        bits: AT_SYMLINK_NOFOLLOW,
      },
      empty: { flags: { kind: "register", argument: 4 }, bits: AT_EMPTY_PATH },
    },
    enforcing: "as execve; a descriptor (AT_EMPTY_PATH) is refused",
  },
  {
    class: "exec",
    name: "memfd_create",
    when: ifBits(1, MFD_NOEXEC_SEAL, allow, notify),
    voids: [],
    path: null,
    enforcing: "made by the mediator with MFD_NOEXEC_SEAL, so that it is never executed",
  },
];
