import { PORT_MAX } from "../model/network.ts";
import { planLimits } from "./layout.ts";
import type { Plan } from "./plan.ts";

/**
 * What a plan must fulfil besides its types. A plan that does not is neither written nor accepted.
 * Returns null, or what is wrong. `native/plan.c` demands the same of the bytes. Most important:
 * only plans of level `disabled` confine nothing.
 */
export function demands(plan: Plan): string | null {
  const held = plan.engine === "bpf-lsm" ? inKernel(plan) : layers(plan);
  return held ?? landlock(plan) ?? seccomp(plan) ?? rest(plan);
}

/** Whatever the level, the kernel holds the domain; the filter cannot be taken back. */
function inKernel({ domain, number, level, mode, landlock, cgroup, seccomp }: Plan): string | null {
  if (domain === "" || number === null) return "plan for the kernel's engine without a domain";
  if (landlock !== null || cgroup !== null || mode === "supervised")
    return "plan for the kernel's engine with layers of the other one";
  if ((seccomp !== null) !== (level === "enforcing")) {
    const has = seccomp === null ? "without" : "with";
    return `plan for the kernel's engine at level ${level} ${has} a filter`;
  }
  return seccomp?.listener ? "plan for the kernel's engine with a listener" : null;
}

function layers(plan: Plan): string | null {
  const { level } = plan;
  if (plan.domain === "") return "plan without a domain";
  if (level === "disabled") {
    return plan.landlock || plan.seccomp || plan.cgroup
      ? "plan of a disabled domain with layers"
      : null;
  }
  if (plan.seccomp === null) return `plan at level ${level} without a seccomp filter`;
  if (plan.mode === "sealed") {
    if (level === "warning") return "sealed plan at level warning";
    return plan.landlock === null ? "sealed plan without Landlock rules" : null;
  }
  if (plan.landlock !== null) return "supervised plan with Landlock rules";
  return plan.seccomp.listener ? null : "supervised plan without a listener";
}

function landlock({ landlock }: Plan): string | null {
  if (landlock === null) return null;
  if (landlock.handledFs === 0n) return "Landlock layer that handles no file rights";
  const known = new Set<string>();
  for (const { path, rights } of landlock.paths) {
    if (!path.startsWith("/")) return `Landlock rule for \`${path}\`, which is not absolute`;
    if (known.has(path)) return `two Landlock rules for \`${path}\``;
    known.add(path);
    if (rights === 0n || (rights & ~landlock.handledFs) !== 0n)
      return `Landlock rule for \`${path}\` with rights not handled`;
  }
  const ports = new Set<number>();
  for (const { port, rights } of landlock.ports) {
    if (!Number.isInteger(port) || port < 0 || port > PORT_MAX)
      return `Landlock rule for port ${port}`;
    if (ports.has(port)) return `two Landlock rules for port ${port}`;
    ports.add(port);
    if (rights === 0n || (rights & ~landlock.handledNet) !== 0n)
      return `Landlock rule for port ${port} with rights not handled`;
  }
  return null;
}

function seccomp({ seccomp }: Plan): string | null {
  if (seccomp === null) return null;
  for (const { length } of [seccomp.filter, seccomp.asking ?? seccomp.filter]) {
    if (length === 0 || length % 8 !== 0) return `seccomp filter of ${length} bytes`;
    if (length / 8 > planLimits.PLAN_FILTER_MAX)
      return `seccomp filter of ${length / 8} instructions, at most ${planLimits.PLAN_FILTER_MAX}`;
  }
  return seccomp.asking !== undefined && !seccomp.listener
    ? "a filter that asks, without a listener"
    : null;
}

function rest({ identity, cgroup }: Plan): string | null {
  if ((identity.ambient & ~identity.bounding) !== 0n)
    return "ambient capabilities outside the bounding set";
  if ((identity.user?.groups.length ?? 0) > planLimits.PLAN_GROUPS_MAX)
    return "too many supplementary groups";
  if (cgroup === null) return null;
  return cgroup.anchor.startsWith("/")
    ? null
    : `cgroup anchor \`${cgroup.anchor}\`, which is not absolute`;
}
