import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, MFD_NOEXEC_SEAL } from "../constants.ts";
import type { ExecCall } from "./call.ts";
import { answering, ifListed, listedOrNot } from "./columns.ts";
import { allow, ifBits, notify, refuse } from "./verdict.ts";

/** A caller that asks for the seal itself makes no executable memory. */
const unlessSealed = ifBits(1, MFD_NOEXEC_SEAL, allow, notify);

/** Calls that execute a file, or make memory that could be executed. */
export const execCalls: readonly ExecCall[] = [
  {
    class: "exec",
    name: "execve",
    voids: ["credentials", "descriptors"],
    path: { role: "object", directory: null, path: 0, follow: { kind: "always" } },
    sealed: listedOrNot(
      "the launcher starts the daemon with it; Landlock decides what may be executed",
      () => allow,
    ),
    supervised: {
      verdict: notify,
      // The launcher starts the daemon with it.
      unlistedToo: "always",
      enforcing:
        "checked by `x`; the holder lets it continue, stops the new program before its first" +
        " instruction, and ends it if it is not the checked program",
    },
  },
  {
    class: "exec",
    name: "execveat",
    voids: ["credentials", "descriptors"],
    path: {
      role: "object",
      directory: 0,
      path: 1,
      follow: {
        kind: "unless",
        flags: { kind: "register", argument: 4 },
        bits: AT_SYMLINK_NOFOLLOW,
      },
      empty: { flags: { kind: "register", argument: 4 }, bits: AT_EMPTY_PATH },
    },
    sealed: ifListed(
      "with AT_EMPTY_PATH it executes a descriptor, for instance memory: refused",
      () => ifBits(4, AT_EMPTY_PATH, refuse, allow),
    ),
    supervised: answering("as execve; a descriptor (AT_EMPTY_PATH) is refused"),
  },
  {
    class: "exec",
    name: "memfd_create",
    voids: [],
    path: null,
    sealed: ifListed(
      "Landlock does not check the execution of memory, so the mediator adds MFD_NOEXEC_SEAL;" +
        " a call that asks for the seal itself continues",
      () => unlessSealed,
    ),
    supervised: answering(
      "made by the mediator with MFD_NOEXEC_SEAL, so that it cannot be executed",
      unlessSealed,
    ),
  },
];
