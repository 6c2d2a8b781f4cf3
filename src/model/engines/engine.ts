/** What of the kernel holds a domain. A policy means the same with each of them. */
export const engines = ["landlock", "bpf-lsm"] as const;
export type Engine = (typeof engines)[number];
