import { never, type Outcome } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { type Bytes, shown } from "../../sys/sys.ts";
import { isCofferdams } from "../../target/own-process.ts";
import type { Call } from "../call.ts";
import { inSameDomain } from "../processes/same-domain.ts";

/**
 * Entries of /proc/PID that any process may read of any other (proc(5)): the kernel does not check
 * for the right to trace.
 */
const OPEN_TO_ALL: ReadonlySet<string> = new Set(
  `cgroup cmdline comm coredump_filter cpuset limits loginuid mountinfo mounts mountstats oom_adj
  oom_score oom_score_adj sched schedstat sessionid stat statm status task wchan`.split(/\s+/),
);

/**
 * Refuses an entry of another domain's process, whatever the policy says of its name: the kernel
 * would check whether the *mediator* may trace that process. Refuses writes to entries of
 * Cofferdam's own processes, too. null for everything else.
 */
export function judgeProcEntry(call: Call, name: Bytes, writes: boolean): Outcome | null {
  if (!name.startsWith("/proc/")) return null;
  const found = /^\/proc\/(\d+)(?:\/task\/\d+)?(?:\/([^/]+))?/.exec(name);
  if (found === null) return null;
  const pid = Number(found[1]);
  if (inSameDomain(call, pid)) return null;
  const entry = found[2];
  const isOpen = entry === undefined || OPEN_TO_ALL.has(entry);
  if (isOpen && !writes) return null;
  if (isCofferdams(pid, (one) => call.broker.domainOf(one))) return ofCofferdam(name, writes);
  return isOpen ? null : never(E.ACCES, call.name, shown(name));
}

/** Judges a link in a process's /proc folder that leads out of procfs and was not followed. */
export function judgeProcLink(
  call: Call,
  process: number | undefined,
  path: string,
): Outcome | null {
  if (process === undefined) return null;
  const isOurs = isCofferdams(process, (one) => call.broker.domainOf(one));
  return isOurs ? ofCofferdam(path, false) : null;
}

function ofCofferdam(name: string, writes: boolean): Outcome {
  const object = shown(name);
  const operation = writes ? "write" : "read";
  const refusal = {
    class: "name",
    operation,
    object,
    reason: "own-object",
    request: null,
  } as const;
  return { kind: "refused", errno: E.ACCES, refusal };
}
