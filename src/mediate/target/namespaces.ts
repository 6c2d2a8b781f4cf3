import { readFileSync, readlinkSync } from "node:fs";
import { Settled } from "../answer/settled.ts";
import type { View } from "../domain/view.ts";
import { abi } from "../sys/abi.ts";
import { c, readlinkat, sys } from "../sys/sys.ts";
import { GONE } from "./target-gone.ts";

/**
 * How the target's view differs from its domain's ({@link View}), so that a name can mean another
 * thing to it.
 */
export type Foreign = "user namespace" | "mount namespace" | "security label" | null;

const LABEL_BYTES_MAX = 4096;
const CURRENT = c("attr/current");
const labelBytes = Buffer.alloc(LABEL_BYTES_MAX);

/** What the mediator itself has; null if processes have no labels. */
let own: { readonly label: string | null } | null = null;

/** `directory`: the thread's /proc/TID. Settles the call if the namespaces cannot be read. */
export function foreign(directory: number, view: Pick<View, "link" | "users">): Foreign {
  return foreignNamespace(directory, view) ?? foreignLabel(directory);
}

export function foreignNamespace(directory: number, view: Pick<View, "link" | "users">): Foreign {
  if (link(directory, "ns/user") !== view.users) return "user namespace";
  return link(directory, "ns/mnt") === view.link ? null : "mount namespace";
}

export function foreignLabel(directory: number): Foreign {
  const { label } = seenHere();
  return label === null || labelOf(directory) === label ? null : "security label";
}

export function areLabelled(): boolean {
  return seenHere().label !== null;
}

function seenHere(): NonNullable<typeof own> {
  own ??= { label: ownLabel() };
  return own;
}

/**
 * False if that cannot be read. Only some opens depend on these namespaces
 * (`calls/files/open-in-namespace.ts`).
 */
export function sharesNamespace(directory: number, kind: "net" | "ipc" | "pid"): boolean {
  return readlinkat(directory, `ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`);
}

function link(directory: number, path: string): string {
  const text = readlinkat(directory, path);
  if (typeof text === "number") throw new Settled(GONE);
  return text;
}

/**
 * The mediator's label of SELinux, AppArmor or Smack (proc_pid_attr_current(5)); null on a kernel
 * without such a module. Modules are loaded at boot only, so no process has a label then.
 */
function ownLabel(): string | null {
  try {
    return readFileSync("/proc/self/attr/current", "latin1");
  } catch (cause) {
    if (
      cause instanceof Error &&
      "code" in cause &&
      (cause.code === "EINVAL" || cause.code === "ENOENT")
    )
      return null;
    throw cause;
  }
}

function labelOf(directory: number): string {
  const fd = sys("openat", directory, CURRENT, abi.O_CLOEXEC);
  const got = fd < 0 ? fd : sys("pread64", fd, labelBytes, labelBytes.length, 0);
  if (fd >= 0) sys("close", fd);
  if (got < 0) throw new Settled(GONE);
  return labelBytes.toString("latin1", 0, got);
}
