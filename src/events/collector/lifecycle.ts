import type { Event } from "../event.ts";
import { stamp } from "../identity.ts";

export function lifecycleEvent(
  { domain, number, level }: Pick<Event, "domain" | "number" | "level">,
  operation: string,
  object: string,
  count: number,
  engine: Event["engine"] = "landlock",
): Event {
  return {
    ...stamp(),
    ...{ domain, number, level },
    engine,
    source: "kernel",
    verdict: "failed",
    class: "lifecycle",
    operation,
    object,
    request: null,
    process: {
      pid: process.pid,
      uid: process.geteuid?.() ?? null,
      comm: "collector",
      executable: process.execPath,
    },
    rule: null,
    reason: null,
    allow: null,
    count,
  };
}

/** Of a collector that cannot record them; the reason follows. */
export const CAPABILITIES_UNSEEN = "capabilities used at level warning: ";

/** Denials by Landlock. */
export function lostDenials(count: number): string {
  return `${count} denials of this domain that the kernel counted`;
}

/** Refusals by the programs of a control group. */
export function lostRefusals(count: number): string {
  return `${count} refusals by the programs of its cgroup: too many different ones at once`;
}

/** Requests that the bpf-lsm engine decided without an event. */
export function droppedRequests(count: number): string {
  return `${count} requests outside this domain: too many different ones at once`;
}

export function unattributedDenials(count: number): string {
  return `${count} denials: the kernel named no process, the domain's first one stands for it`;
}
