import type { Arena } from "./arena.ts";

/** How the domain is held; the default is sealed. */
export interface Mediation {
  readonly supervised: boolean;
  readonly level: "enforcing" | "warning";
}

const SEALED: Mediation = { supervised: false, level: "enforcing" };

function head(arena: Arena, { supervised, level }: Mediation): string {
  return `domain: ${arena.domain}\nlevel: ${level}\n${supervised ? "mediation: supervised\n" : ""}`;
}

/**
 * The attacker's domain: wide enough that every attack gets as far as the plug it is aimed at, not
 * just to a missing system call.
 */
export function attackerPolicy(arena: Arena, mediation = SEALED): string {
  const s = arena.scratch;
  return `${head(arena, mediation)}summary: what an intruder holds after a break-in
include: [base]
files:
  - rx ${arena.folder}/bin/**
  - rwcda ${s}/granted/**
  - r ${s}/readonly/**
  - rwcd ${s}/exact/pid
  - r /proc/** /sys/**
  - rwi /dev/ptmx /dev/pts/** /dev/tty0
  - r /dev/urandom /usr/bin/true
  - deny i /dev/urandom
  - r /etc/passwd
network:
  - connect tcp 127.0.0.1:${arena.setting("ATTACK_PORT_GRANTED")}
capabilities:
  [chown, dac_override, fowner, sys_chroot, net_bind_service, mknod, setuid, setgid, kill]
syscalls: ["@system-service", "@debug", "@sandbox", chroot, memfd_create]
memory: [memfd]
inherit: [stdio, stdio-sockets]
`;
}

/** The same with two names for sockets, to one of which it may send. */
export function racePolicy(arena: Arena, mediation = SEALED): string {
  const granted = `${arena.scratch}/granted`;
  const more = `  - listen unix ${granted}/*.sock\n  - connect unix ${granted}/good.sock\n`;
  return attackerPolicy(arena, mediation).replace("network:\n", `network:\n${more}`);
}

/**
 * A domain with single names of sockets and of files, and without the right to change attributes;
 * the broker decides more of it.
 */
function serverPolicy(arena: Arena, mediation = SEALED): string {
  const s = arena.scratch;
  return `${head(arena, mediation)}summary: what an intruder holds in a server with sockets
include: [base]
files:
  - rx ${arena.folder}/bin/**
  - rwcd ${s}/plain/**
  - r /proc/**
  - w /proc/*/mem
network:
  - connect udp 127.0.0.1:53
  - connect tcp [::1]:*
  - listen tcp 127.0.0.1:0 [::]:0
  - connect unix ${s}/plain/**
  - listen unix ${s}/plain/** ${s}/jail/**
capabilities: [sys_chroot, setuid, setgid]
syscalls: ["@system-service", chroot, memfd_create]
${arena.attacker.uid === 0 ? "ipc: [shm]\n" : ""}inherit: [stdio, stdio-sockets]
`;
}

/** A domain that may send datagrams to two hosts and serve one port; it has no unix sockets. */
function senderPolicy(arena: Arena, mediation = SEALED): string {
  const port = arena.setting("ATTACK_PORT_GRANTED");
  return `${head(arena, mediation)}summary: what an intruder holds in a small UDP server and client
include: [base]
files:
  - rx ${arena.folder}/bin/**
network:
  - connect udp 127.0.0.1:${port}
  - connect udp [2001:db8::9]:${port}
  - listen udp 127.0.0.1:${port}
syscalls: ["@system-service"]
inherit: [stdio, stdio-sockets]
`;
}

/** By the name after `// policy:` in a program. */
export const policies: Readonly<Record<string, (arena: Arena, mediation?: Mediation) => string>> = {
  attacker: attackerPolicy,
  server: serverPolicy,
  sender: senderPolicy,
};
