import type { KernelMember } from "../domains/confinement.ts";
import { numbersGiven } from "../domains/numbers-file.ts";
import { attachedEngine } from "./lsm.ts";
import type { Places } from "./places.ts";

/**
 * Which of these processes are in domains of the bpf-lsm engine, as the kernel tells root. None
 * where the engine is not attached, or the caller may not see its maps.
 */
export function kernelMembers(
  { system }: Pick<Places, "system">,
  processes: Iterable<number>,
): ReadonlyMap<number, KernelMember> {
  const members = new Map<number, KernelMember>();
  using engine = attachedEngine({ system });
  if (engine === null) return members;
  const names = new Map([...numbersGiven(system.numbers)].map(([name, number]) => [number, name]));
  const levels = engine.levels();
  for (const process of processes) {
    const domain = engine.domainOf(process) ?? 0;
    if (domain === 0) continue;
    members.set(process, {
      domain: names.get(domain) ?? String(domain),
      number: domain,
      // A missing level is enforcing (bpf/lsm/answer.h).
      level: levels.get(domain) ?? "enforcing",
    });
  }
  return members;
}
