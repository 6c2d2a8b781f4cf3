import type { SystemdHost } from "../host/shell-sandbox/systemd-host.ts";

/** `$1`: a unit's control group. In a domain of the kernel's engine it has no groups below. */
const OLDEST = `[ -n "$1" ] && cd "/sys/fs/cgroup$1" || exit
[ ! -d cofferdam ] || cd cofferdam
find . -name cgroup.procs -exec cat {} + | sort -n | head -n 1`;

/**
 * A unit's main process; of one that systemd does not know the main process of, the oldest in its
 * domain, or in the unit where that has no group of its own. "0": there is none.
 */
export function processOfUnit(host: SystemdHost, unit: string): string {
  const main = host.show(unit, "MainPID");
  if (main !== "0") return main;
  const group = host.show(unit, "ControlGroup");
  const { out } = host.run("sh", "-c", OLDEST, "sh", group);
  return out.trim() || "0";
}

/** Of that process; empty where it runs outside, or not at all. */
export function domainOfUnit(host: SystemdHost, unit: string): string {
  const pid = processOfUnit(host, unit);
  return pid === "0" ? "" : host.domainOf(pid);
}
