import { existsSync, readFileSync } from "node:fs";
import { release, version } from "node:os";
import type { HostFacts } from "../host-facts.ts";
import { type Mount, mountsIn } from "../mountinfo.ts";

/** The cgroup above those of all domains, by its name in the root of the hierarchy. */
export const OWN_GROUP = "cofferdam";

/** null if there is none. */
export function findCgroup2(mountinfo: string): string | null {
  return findCgroup2Mount(mountinfo)?.point ?? null;
}

/**
 * The mount of control groups version 2. `root` is the group visible at `point`, as in
 * `/proc/PID/cgroup`: `/`, except for bind mounts and cgroup namespaces.
 */
export function findCgroup2Mount(
  mountinfo: string,
): { readonly root: string; readonly point: string } | null {
  const [mount] = controlGroupMounts(mountinfo).filter(({ type }) => type === "cgroup2");
  return mount === undefined ? null : { root: mount.root, point: mount.point };
}

/** Of either version: version 1 can freeze or starve a process, too. */
export function findControlGroups(mountinfo: string): readonly string[] {
  return [...new Set(controlGroupMounts(mountinfo).map(({ point }) => point))].sort();
}

function controlGroupMounts(mountinfo: string): readonly Mount[] {
  return mountsIn(mountinfo).filter(({ type }) => /^cgroup2?$/.test(type));
}

/** From /proc/self/status. */
export function readCaller(): HostFacts["caller"] {
  const status = readFileSync("/proc/self/status", "utf8");
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (capabilities === undefined) throw new Error("/proc/self/status has no CapEff line");
  return {
    uid: process.geteuid?.() ?? -1,
    gid: process.getegid?.() ?? -1,
    capabilities: BigInt(`0x${capabilities}`),
  };
}

const PTRACE_SCOPE = "/proc/sys/kernel/yama/ptrace_scope";

export function readPtraceScope(): number {
  return existsSync(PTRACE_SCOPE) ? Number.parseInt(readFileSync(PTRACE_SCOPE, "utf8"), 10) : 0;
}

export function readKernel(): HostFacts["kernel"] {
  return {
    release: release(),
    version: version(),
    machine: process.arch === "x64" ? "x86_64" : process.arch,
  };
}
