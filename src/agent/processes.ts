import { isFilterBehind } from "../domains/confinement.ts";
import { domainOfProcess } from "../domains/membership.ts";
import { numbersIn } from "../domains/processes.ts";
import { kernelMembers } from "../host/kernel-members.ts";
import type { Places } from "../host/places.ts";

export interface Counted {
  readonly processes: number;
  /** Of these, those that the kernel's engine holds. */
  readonly inKernel: number;
  /** Of those, the ones whose filter of system calls is that of another level. */
  readonly filterBehind: number;
}

/** By domain: by control group, or by the kernel's engine. */
export function countProcesses(places: Pick<Places, "system">): ReadonlyMap<string, Counted> {
  const numbers = numbersIn("/proc");
  const inKernel = kernelMembers(places, numbers);
  const counts = new Map<string, Counted>();
  for (const number of numbers) {
    const place = domainOfProcess(number);
    const held = typeof place === "object" ? undefined : inKernel.get(number);
    const domain = typeof place === "object" ? place.domain : held?.domain;
    if (domain === undefined) continue;
    const before = counts.get(domain);
    const behind = held !== undefined && isFilterBehind(held);
    counts.set(domain, {
      processes: (before?.processes ?? 0) + 1,
      inKernel: (before?.inKernel ?? 0) + (held === undefined ? 0 : 1),
      filterBehind: (before?.filterBehind ?? 0) + (behind ? 1 : 0),
    });
  }
  return counts;
}
