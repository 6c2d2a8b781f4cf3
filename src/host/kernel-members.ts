import type { KernelMember } from "../domains/confinement.ts";
import { namesGiven } from "../domains/numbers-file.ts";
import { numbersIn } from "../domains/processes.ts";
import { attachedEngine, attachedLabels } from "./lsm.ts";
import type { Places } from "./places.ts";

/**
 * The domain of the bpf-lsm engine that one process is in, as the kernel tells root; null if it is
 * in none, or is gone. One look into a folder where the engine is not attached.
 * @throws BpfError where the kernel does not tell
 */
export function domainInKernel(
  { system }: Pick<Places, "system">,
  process: number,
): Pick<KernelMember, "domain" | "number"> | null {
  using labels = attachedLabels({ system });
  const number = labels?.domainOf(process) ?? 0;
  return number === 0
    ? null
    : { domain: namesGiven(system.numbers).get(number) ?? String(number), number };
}

/**
 * Which of these processes are in domains of the bpf-lsm engine, as the kernel tells root. None
 * where the engine is not attached, or the caller may not see its maps.
 */
export function kernelMembers(
  { system }: Pick<Places, "system">,
  processes: Iterable<number>,
): ReadonlyMap<number, KernelMember> {
  const members = new Map<number, KernelMember>();
  using labels = attachedLabels({ system });
  if (labels === null) return members;
  using engine = attachedEngine({ system });
  const names = namesGiven(system.numbers);
  const levels = engine?.levels();
  for (const process of processes) {
    const { domain = 0, launched = "not" } = labels.labelOf(process) ?? {};
    if (domain === 0) continue;
    members.set(process, {
      domain: names.get(domain) ?? String(domain),
      number: domain,
      // A missing level is enforcing (bpf/lsm/answer.h).
      level: levels === undefined ? null : (levels.get(domain) ?? "enforcing"),
      filter: launched === "not" ? null : launched === "filtered" ? "installed" : "none",
    });
  }
  return members;
}

/** Names of the domains of the bpf-lsm engine that have processes. */
export function domainsInKernel(places: Pick<Places, "system">): ReadonlySet<string> {
  const members = kernelMembers(places, everyProcess());
  return new Set([...members.values()].map(({ domain }) => domain));
}

/** Read only where the engine is attached. */
function* everyProcess(): Iterable<number> {
  yield* numbersIn("/proc");
}
