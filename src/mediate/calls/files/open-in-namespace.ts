import { capabilityMask } from "../../../kernel/capability-mask.ts";
import { CAP_SYS_ADMIN, CLONE_NEWIPC, CLONE_NEWNET } from "../../../kernel/constants.ts";
import { error, type Outcome, result, unable } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { type Bytes, c, openat, self, shown } from "../../sys/sys.ts";
import { sharesNamespace } from "../../target/namespaces.ts";
import { canonical } from "../../walk/place.ts";
import type { Call } from "../call.ts";
import { FIRST_DESCRIPTOR, impersonate } from "../impersonator/impersonator.ts";
import type { Deed, Step } from "../impersonator/impersonator-request.ts";
import type { OpenArguments } from "./open-arguments.ts";
import { isPrompt } from "./open-device.ts";
import { given } from "./open-make.ts";
import type { Opened } from "./opened.ts";

/**
 * An open that cannot be finished within `asTarget`, because the mediator must restore its identity
 * first.
 */
export interface Later {
  readonly kind: "later";
  readonly finish: () => Outcome;
}

type Namespace = "net" | "ipc" | "pid";

/**
 * For these names the kernel takes the object from the opener's namespace, not the file system's.
 */
const entries: readonly (readonly [names: RegExp, namespace: Namespace])[] = [
  [/^\/proc\/sys\/net(\/|$)/, "net"],
  [/^\/proc\/sys\/kernel\/(auto_msgmni|msg\w+|sem|sem_next_id|shm\w+)$/, "ipc"],
  [/^\/proc\/(sys\/fs\/mqueue|sysvipc)(\/|$)/, "ipc"],
  [/^\/proc\/sys\/kernel\/pid_max$/, "pid"],
];
const NEW = { net: CLONE_NEWNET, ipc: CLONE_NEWIPC } as const;
const PROC = "/proc/";

/**
 * The kind of the opener's namespace in which the kernel opens the object; null for most objects. A
 * device may attach to the opener's network namespace, as /dev/net/tun does.
 */
function namespaceOf(call: Call, object: Opened): Namespace | null {
  if (object.stat.type === abi.S_IFCHR) return isPrompt(object) ? null : "net";
  if (call.broker.mounts.kind(object.stat.mount) !== "procfs") return null;
  const name = canonical(object.fd);
  if (typeof name !== "string") return null;
  return entries.find(([names]) => names.test(name))?.[1] ?? null;
}

/**
 * Opens the object by `open`, as the target. If the kernel would use a namespace in which target
 * and mediator differ, an impersonator enters the target's and opens there. Within `asTarget`.
 */
export function openedByNamespace<T extends Outcome | "again">(
  call: Call,
  asked: OpenArguments,
  object: Opened,
  open: () => T,
): T | Later {
  const onlyNames = (asked.flags & abi.O_PATH) !== 0;
  const namespace = call.rehearses || onlyNames ? null : namespaceOf(call, object);
  if (namespace === null) return open();
  const finish = (): Outcome => {
    if (!sharesNamespace(call.target.thread.directory, namespace))
      return openIn(call, asked, object, namespace);
    const opened = call.asTarget(open);
    return opened === "again" ? unable(E.AGAIN, call.name, "a name that changes") : opened;
  };
  return { kind: "later", finish };
}

function openIn(call: Call, asked: OpenArguments, object: Opened, namespace: Namespace): Outcome {
  const name = canonical(object.fd);
  if (typeof name !== "string") return error(name);
  if (namespace === "pid") return unable(E.PERM, call.name, `${shown(name)} of a pid namespace`);
  const entered = call.target.keep(call.target.entry(`ns/${namespace}`, abi.O_NONBLOCK));
  if (entered < 0) return error(errnoOf(entered));
  const isDevice = object.stat.type === abi.S_IFCHR;
  // A descriptor of a procfs entry refers to the mediator's namespace, so the entry is opened by
  // name.
  const from = isDevice ? object.fd : call.target.keep(openat(abi.AT_FDCWD, PROC, abi.O_PATH));
  if (from < 0) return error(errnoOf(from));
  const enter: Step = {
    name: "setns",
    args: [FIRST_DESCRIPTOR, NEW[namespace]],
    more: capabilityMask(CAP_SYS_ADMIN),
  };
  const deed: Deed = {
    descriptors: [entered, from],
    steps: [enter, opening(asked, isDevice ? null : name.slice(PROC.length))],
    givesDescriptor: true,
    waits: isDevice,
  };
  return impersonate(call, deed, (value, fd) =>
    fd === null ? result(value) : given(fd, asked.flags),
  );
}

/** `name`: relative to the descriptor; null for the descriptor's own object. */
function opening({ flags }: OpenArguments, name: Bytes | null): Step {
  const descriptor = FIRST_DESCRIPTOR + 1;
  const kept = flags & ~(abi.O_CREAT | abi.O_EXCL);
  const path = { bytes: c(name ?? self(descriptor)) };
  const how = name === null ? (kept & ~abi.O_NOFOLLOW) | abi.O_NOCTTY : kept;
  return { name: "openat", args: [name === null ? abi.AT_FDCWD : descriptor, path, how] };
}
