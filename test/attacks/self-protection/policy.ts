import { readFileSync } from "node:fs";
import { places } from "../../../src/host/places.ts";
import { findControlGroups } from "../../../src/kernel/probe/caller.ts";
import { root } from "../../house/tree.ts";

/**
 * A domain that may do everything that a policy can say: whatever is refused to it, no policy
 * grants.
 */
export interface Way {
  readonly mediation: "sealed" | "supervised";
  readonly level: "enforcing" | "warning";
}

export const ways: readonly Way[] = [
  { mediation: "sealed", level: "enforcing" },
  { mediation: "supervised", level: "enforcing" },
  { mediation: "supervised", level: "warning" },
];

export function widePolicy({ mediation, level }: Way, program: string, scratch: string): string {
  const controlGroups = findControlGroups(readFileSync("/proc/self/mountinfo", "utf8"));
  const { own, kept } = places({ uid: 0, env: {}, home: root, controlGroups });
  // With these two the kernel itself lets a sealed domain look into others.
  const looking = mediation === "sealed" ? "" : ", sys_admin, perfmon";
  // A grant that reaches them is refused: a policy must leave them out, and they are denied all the
  // same.
  const spared = [...new Set([...own, ...kept])].flatMap((path) => [path, `${path}/**`]).join(" ");
  return `summary: a root daemon that may do everything a policy can say
mediation: ${mediation}
level: ${level}
include: [base]
files:
  - rx ${program}
  - rwcdai ${scratch}/**
  - rwcdai /run/** /etc/** /var/lib/** /var/log/** ${root}/**
  - rwcdai /proc/** /sys/**
  - deny wcda ${spared}
network:
  - connect unix ${scratch}/** /run/**
  - listen unix ${scratch}/**
  - connect tcp *:*
  - listen tcp *
capabilities:
  [chown, dac_override, fowner, kill, setuid, setgid, sys_ptrace, sys_nice, sys_resource,
  sys_chroot${looking}]
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service", "@debug", "@mount", "@privileged", "@process", "@resources"]
signals: [any]
`;
}
