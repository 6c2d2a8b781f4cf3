import { readFileSync, readlinkSync } from "node:fs";
import { Settled } from "../answer/settled.ts";
import { abi } from "../sys/abi.ts";
import { c, readlinkat, sys } from "../sys/sys.ts";
import { GONE } from "./target-gone.ts";

/**
 * How the target's view differs from the mediator's, so that a name can mean another thing to it.
 */
export type Foreign = "user namespace" | "mount namespace" | "security label" | null;

const LABEL_BYTES_MAX = 4096;
const CURRENT = c("attr/current");
const labelBytes = Buffer.alloc(LABEL_BYTES_MAX);

/** The mediator's own view. */
interface Seen {
  readonly user: string;
  readonly mount: string;
  /** null where processes have no labels. */
  readonly label: string | null;
}
let own: Seen | null = null;

/** `directory`: the thread's /proc/TID. Settles the call where the namespaces cannot be read. */
export function foreign(directory: number): Foreign {
  return foreignNamespace(directory) ?? foreignLabel(directory);
}

export function foreignNamespace(directory: number): Foreign {
  const { user, mount } = seenHere();
  if (link(directory, "ns/user") !== user) return "user namespace";
  return link(directory, "ns/mnt") === mount ? null : "mount namespace";
}

export function foreignLabel(directory: number): Foreign {
  const { label } = seenHere();
  return label === null || labelOf(directory) === label ? null : "security label";
}

/** Whether this kernel labels processes. */
export function areLabelled(): boolean {
  return seenHere().label !== null;
}

function seenHere(): Seen {
  own ??= {
    user: readlinkSync("/proc/self/ns/user"),
    mount: readlinkSync("/proc/self/ns/mnt"),
    label: ownLabel(),
  };
  return own;
}

/**
 * Whether the target is in the mediator's namespace of that kind; false where that cannot be read.
 * Only some opens depend on these (`calls/files/open-in-namespace.ts`).
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
 * without such a module. A module is there from boot or never, so no process has a label then.
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
