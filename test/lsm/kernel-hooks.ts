import { existsSync, readFileSync } from "node:fs";

const TYPES = "/sys/kernel/btf/vmlinux";

/** The functions `bpf_lsm_NAME` in the running kernel's types; none if it has no types. */
export function hookFunctions(): readonly string[] {
  if (!existsSync(TYPES)) return [];
  return readFileSync(TYPES, "latin1").match(/(?<=\0)bpf_lsm_\w+(?=\0)/g) ?? [];
}
