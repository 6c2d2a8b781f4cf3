import { decide } from "../decide.ts";
import type { Policy } from "../policy.ts";

/**
 * Calls that make a name lead elsewhere than it does on the host, each with the capability it
 * needs.
 */
const rootChangers = [
  { call: "chroot", capability: "sys_chroot" },
  { call: "pivot_root", capability: "sys_admin" },
  { call: "mount", capability: "sys_admin" },
  { call: "move_mount", capability: "sys_admin" },
] as const;

/**
 * The granted call by which the domain could give a pathname another meaning, or null. Namespaces
 * are refused by seccomp.
 */
export function rootChanger(policy: Policy): string | null {
  const changer = rootChangers.find(
    ({ call, capability }) =>
      decide(policy, { class: "syscall", name: call }).outcome === "granted" &&
      decide(policy, { class: "capability", name: capability }).outcome === "granted",
  );
  return changer?.call ?? null;
}
