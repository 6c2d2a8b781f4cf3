import type { Vocabulary } from "../../src/policy/vocabulary.ts";

/** A small vocabulary, so that these tests do not change with the kernel's. */
export const vocabulary: Vocabulary = {
  syscalls: new Set([
    "read",
    "write",
    "openat",
    "close",
    "mount",
    "chroot",
    "process_vm_readv",
    "futex",
    "socket",
    "keyctl",
    "memfd_create",
  ]),
  groups: new Map([
    ["@default", ["futex", "read"]],
    ["@system-service", ["close", "keyctl", "openat", "read", "write"]],
    ["@mount", ["chroot", "mount"]],
    ["@never", ["keyctl", "mount"]],
  ]),
};
