import type { AttackProgram } from "./arena.ts";

/**
 * What the bpf-lsm engine tells of an attack, where it is not what the program's line `event:` has
 * for the other engine: `CLASS/OPERATION`, and the programs.
 */
const otherwise: readonly (readonly [told: string, programs: string])[] = [
  ["address/connect", "tcp-fastopen-sendmmsg tcp-fastopen-sendmsg tcp-fastopen-sendto"],
  ["address/connect", "udp-answer-another udp-answer-elsewhere udp-send udp6-send"],
  ["address/connect", "udp-unspec udp-unspec-sendmsg"],
  ["capability/use", "capability-regain clock fsopen hostname mount-bind mount-new-api perf"],
  ["ipc/use", "mqueue-outside msg-outside sem-outside shm-outside"],
  ["name/attributes", "attributes-deleted-name attributes-unlinked extent-cache inode-version"],
  ["name/connect", "unix-abstract unix-connect unix-send unix-send-length-16 unix-socketpair"],
  ["name/create", "attributes-long-name core-dump"],
  ["name/execute", "memfd-exec memfd-exec-path"],
  ["name/ioctl", "device-openat2"],
  ["name/listen", "unix-abstract-squat unix-bind"],
  ["name/map", "memory-memfd memory-personality pinned-ld-so pinned-mmap-exec"],
  ["name/write", "create-tmpfile"],
  ["signal/change the limits of", "prlimit-outside"],
  ["signal/look into", "pidfd-namespace proc-environ proc-fd proc-root-other setns"],
  ["signal/make a child for", "clone-parent"],
  ["signal/schedule", "affinity-outside ioprio-outside priority-outside scheduler-outside"],
  ["signal/trace", "pidfd-getfd proc-mem ptrace-attach vm-readv"],
  ["syscall/call", "io-uring keyring userfaultfd"],
  ["syscall/ioctl", "tioclinux tiocsti tiocsti-high-bits"],
  ["syscall/make a device node", "device-node whiteout-mknod whiteout-rename"],
  ["syscall/send", "udp-routed udp6-labelled udp6-routed"],
  ["syscall/set-id bits", "setuid-create setuid-mknod setuid-openat2 setuid-tmpfile"],
  ["syscall/unshare", "user-namespace user-namespace-clone user-namespace-clone3"],
  ["two-names/rename", "link-fd-gain link-gain"],
];

const byProgram = new Map(
  otherwise.flatMap(([told, programs]) => programs.split(" ").map((name) => [name, told] as const)),
);

/** `CLASS/OPERATION` of an event that the engine writes when it refuses this attack. */
export function toldByKernel({ name, event }: AttackProgram): string {
  return byProgram.get(name) ?? event.replace(/ (?:broker|kernel)$/, "");
}
