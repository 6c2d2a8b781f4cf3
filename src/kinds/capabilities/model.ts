import * as is from "../../base/schema.ts";
import { firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import type { WordKind } from "../../model/word-kind.ts";

/**
 * Lower case and without `cap_`; the index is the kernel's number. Source:
 * include/uapi/linux/capability.h of 6.18 (CAP_LAST_CAP is 40, checkpoint_restore),
 * capabilities(7).
 */
export const capabilityNames = [
  "chown",
  "dac_override",
  "dac_read_search",
  "fowner",
  "fsetid",
  "kill",
  "setgid",
  "setuid",
  "setpcap",
  "linux_immutable",
  "net_bind_service",
  "net_broadcast",
  "net_admin",
  "net_raw",
  "ipc_lock",
  "ipc_owner",
  "sys_module",
  "sys_rawio",
  "sys_chroot",
  "sys_ptrace",
  "sys_pacct",
  "sys_admin",
  "sys_boot",
  "sys_nice",
  "sys_resource",
  "sys_time",
  "sys_tty_config",
  "mknod",
  "lease",
  "audit_write",
  "audit_control",
  "setfcap",
  "mac_override",
  "mac_admin",
  "syslog",
  "wake_alarm",
  "block_suspend",
  "audit_read",
  "perfmon",
  "bpf",
  "checkpoint_restore",
] as const;

export type CapabilityName = (typeof capabilityNames)[number];

export function maskOfCapabilities(isSo: (name: CapabilityName) => boolean): bigint {
  return capabilityNames.reduce(
    (mask, name, bit) => (isSo(name) ? mask | (1n << BigInt(bit)) : mask),
    0n,
  );
}

/**
 * Capabilities in whose place the kernel also takes another one, wherever it checks them for a call
 * that a policy can grant. Sources: generic_permission in fs/namei.c; perfmon_capable, bpf_capable
 * and checkpoint_restore_ns_capable in include/linux/capability.h; kernel/printk/printk.c.
 */
export const takenInstead: Readonly<Partial<Record<CapabilityName, CapabilityName>>> = {
  dac_read_search: "dac_override",
  perfmon: "sys_admin",
  bpf: "sys_admin",
  checkpoint_restore: "sys_admin",
};

/** Those that a process misses if it has only those of the mask `granted`. */
export function neededCapabilities(granted: bigint): bigint {
  const has = (name: CapabilityName | undefined) =>
    name !== undefined && ((granted >> BigInt(capabilityNames.indexOf(name))) & 1n) === 1n;
  return maskOfCapabilities((name) => !has(name) && !has(takenInstead[name]));
}

export function isCapability(name: string): name is CapabilityName {
  return (capabilityNames as readonly string[]).includes(name);
}

const request = is.object({ class: is.oneOf("capability"), name: is.text });
export type CapabilityRequest = is.Described<typeof request>;

export const capabilities: WordKind<string, CapabilityRequest> = {
  class: "capability",
  // A closed list, but `policy.ts` has a diagnostic of its own for an unknown word.
  words: null,
  request,
  decide: (rules, { name }) => firstDenyElseAllow(rules, ({ token }) => token === name),
  suggest: ({ name }) => (isCapability(name) ? name : null),
  object: "a capability",
  ask(object) {
    const name = object.toLowerCase().replace(/^cap_/, "");
    if (isCapability(name)) return { class: "capability", name };
    return {
      problem: `\`${object}\` is not a capability`,
      help: "names are those of capabilities(7), for example net_bind_service",
    };
  },
  spell: ({ name }) => name,
  representatives: (named) =>
    [...named].map((name) => ({ line: name, request: { class: "capability", name } })),
};
