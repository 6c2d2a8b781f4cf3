import { readFileSync } from "node:fs";
import * as path from "node:path";
import { capabilityNames } from "../../src/kinds/capabilities/model.ts";
import type { Place } from "./run.ts";

const groups = path.resolve(import.meta.dirname, "../../scripts/generate/syscall-groups.txt");

/**
 * A domain with every system call that can be listed, every capability, and the network: whatever a
 * suite is refused in it is refused by what no policy can grant.
 */
export function widePolicy({ bin, work }: Place): string {
  const names = [...readFileSync(groups, "utf8").matchAll(/^@[\w-]+/gm)].map(([name]) => name);
  const listed = names.filter((name) => name !== "@never").map((name) => JSON.stringify(name));
  return `summary: every system call that a policy can list
level: enforcing
include: [base]
files:
  - rx ${bin}/**
  - rx /bin/** /usr/bin/**
  - rwcdai ${work}/**
  - r /proc/** /sys/** /etc/**
  - rwi /dev/**
network: [connect tcp *, listen tcp *, connect udp *, listen udp *]
capabilities: [${capabilityNames.join(", ")}]
ipc: [shm, sem, msg, mqueue]
memory: [jit, memfd]
syscalls: [${listed.join(", ")}]
inherit: [stdio]
`;
}
