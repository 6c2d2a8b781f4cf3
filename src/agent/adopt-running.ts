import { statSync } from "node:fs";
import { processesInGroup } from "../domains/cgroup-path.ts";
import { withItsOwn } from "../domains/descendants.ts";
import { executableOf } from "../domains/proc-stat.ts";
import { numbersIn } from "../domains/processes.ts";
import type { LsmEngine } from "../kernel/bpf/lsm/engine.ts";
import { STAYS_OUTSIDE } from "../kernel/bpf/lsm/layout.ts";
import { unlessGone } from "../kernel/unless-gone.ts";

/**
 * Puts what runs, and is in no domain, into the domain that it would have entered if the engine's
 * entries had been there when it began. As in the kernel, an executable goes before a unit. A
 * script's process is found by its unit alone, because it executes its interpreter. Returns the
 * count of processes by domain.
 *
 * Never the host's first process, this one, or a process that is about to execute a unit's command,
 * by which it enters.
 */
export function adoptRunning(engine: LsmEngine): ReadonlyMap<number, number> {
  const executables = new Map(
    engine.executables().flatMap(({ from, path, into }) => (from === 0 ? [[path, into]] : [])),
  );
  // The first process forks before it executes anything.
  executables.set(executableOf(1) ?? "", STAYS_OUTSIDE);
  const counts = new Map<number, number>();
  const adopt = (domain: number, found: () => readonly number[]) => {
    const adopted = new Set<number>();
    engine.labels.adopt(domain, () => {
      for (const one of found())
        if (isAdoptable(one) && engine.labels.domainOf(one) === 0) adopted.add(one);
      return adopted;
    });
    if (adopted.size > 0) counts.set(domain, (counts.get(domain) ?? 0) + adopted.size);
  };
  const isAdoptable = (one: number) => {
    const program = executableOf(one);
    return program !== null && one !== process.pid && executables.get(program) !== STAYS_OUTSIDE;
  };
  const domains = new Set(executables.values());
  domains.delete(STAYS_OUTSIDE);
  for (const domain of domains)
    adopt(domain, () =>
      onHostsRoot()
        .filter((one) => executables.get(executableOf(one) ?? "") === domain)
        .flatMap(withItsOwn),
    );
  for (const [group, domain] of engine.units()) adopt(domain, () => processesInGroup(group));
  return counts;
}

/** The processes whose names of files are the host's. A container's mean something else. */
function onHostsRoot(): readonly number[] {
  const host = statSync("/");
  return numbersIn("/proc").filter((process) => {
    const root = unlessGone(() => statSync(`/proc/${process}/root`));
    return root !== null && root.ino === host.ino && root.dev === host.dev;
  });
}
