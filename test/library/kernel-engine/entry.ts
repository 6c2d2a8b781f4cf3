import { shippedPolicy } from "../policy.ts";

/**
 * How a daemon enters its domain in the kernel: where neither its unit nor its program says enough,
 * `cofferdam unit enable` has the launcher start it. docs/bpf-lsm.md has the reasons.
 */
export type Entry = "program" | "unit" | "launcher";

export function entryOf(name: string): Entry {
  const { entries } = shippedPolicy(name);
  if (entries.some(({ kind }) => kind === "exec")) return "program";
  const isOfKernel = entries.every(
    (entry) => entry.kind === "unit" && !entry.outside?.length && !entry.unit.includes("@"),
  );
  return isOfKernel ? "unit" : "launcher";
}
