import type { UnmediatedNameCall } from "./call.ts";
import { noUse } from "./columns.ts";

const calls = [
  "stat",
  "lstat",
  "newfstatat",
  "statx",
  "access",
  "faccessat",
  "faccessat2",
  "readlink",
  "readlinkat",
  "statfs",
  "getxattr",
  "lgetxattr",
  "getxattrat",
  "listxattr",
  "llistxattr",
  "listxattrat",
  "file_getattr",
  "inotify_add_watch",
];

/**
 * Calls that take a path and only inspect. Existence and metadata are not secret in any mode, and
 * these are the most frequent calls.
 */
export const unmediatedNameCalls: readonly UnmediatedNameCall[] = calls.map((name) => ({
  class: "unmediated-name",
  name,
  voids: [],
  sealed: null,
  supervised: noUse,
}));
