import { groups } from "../../kernel/syscall-groups.ts";
import { meaningOf } from "./meaning-of.ts";

/**
 * What a keyword of ESXi means on Linux: system calls, by name or group, or the reason why it means
 * nothing, and what to write instead.
 */
export type Meaning =
  | { readonly calls: readonly string[] }
  | { readonly why: string; readonly instead: string };

const none = (why: string, instead: string): Meaning => ({ why, instead });
const vmkernel = "only ESXi's kernel has this interface";
const storage = none(vmkernel, "grant the device or the files with -r, where the daemon uses any");

const forking = ["fork", "vfork", "clone", "clone3", "wait4", "waitid", "getrusage"];
const executing = ["execve", "execveat"];

/** `-s`: classes of system calls. Other rules say which files and addresses the calls may reach. */
export const syscallClasses: Readonly<Record<string, Meaning>> = {
  genericSys: {
    calls: [
      "@basic-io",
      "@io-event",
      "@memlock",
      "@signal",
      "@timer",
      "pipe",
      "pipe2",
      "memfd_create",
      "uname",
      "umask",
      "sysinfo",
      "prctl",
      "madvise",
      "mremap",
    ],
  },
  openSys: { calls: ["@file-system", "flock", "sendfile", "copy_file_range"] },
  ioctlSys: { calls: ["ioctl"] },
  execSys: { calls: executing },
  forkSys: { calls: forking },
  forkExecSys: { calls: [...forking, ...executing] },
  cloneSys: { calls: ["clone", "clone3"] },
  killSys: {
    calls: [
      "kill",
      "tkill",
      "tgkill",
      "rt_sigqueueinfo",
      "rt_tgsigqueueinfo",
      "pidfd_open",
      "pidfd_send_signal",
    ],
  },
  syncSys: { calls: ["@sync"] },
  getpgidSys: { calls: ["getpgid", "getpgrp", "setpgid"] },
  getsidSys: { calls: ["getsid", "setsid"] },
  mprotectSys: { calls: ["mprotect", "pkey_mprotect"] },
  sysctlSys: none("Linux has no such call any more", "grant the file below /proc/sys with -r"),
  vsiReadSys: none(vmkernel, "grant reading the file below /proc or /sys with -r"),
  vsiWriteSys: none(vmkernel, "grant writing the file below /proc or /sys with -r"),
  moduleSys: none(
    "no domain is given the loading of kernel modules",
    "load what is needed before the daemon starts",
  ),
  adminSys: none(
    "Linux divides these privileges",
    'name the capabilities: #+ capabilities: "net_admin"',
  ),
  vmkacSys: none("nothing here depends on labels that a domain could set", "leave it out"),
  crossfdSys: none("descriptors pass over unix sockets", "grant the socket of the other daemon"),
  vmxSys: none(vmkernel, "grant the virtual machine monitor's device with -r, e.g. /dev/kvm"),
  rpcSys: none(vmkernel, "grant the socket of the other daemon"),
  vobSys: none(vmkernel, "grant the log's socket, e.g. /run/systemd/journal/socket"),
  iofilterSys: storage,
  iofilterExitSys: storage,
  pmemGenSys: storage,
  vmfsGenSys: storage,
  keyCacheGenSys: none(vmkernel, "grant the file or the device that holds the keys with -r"),
};

export function callsOfClass(name: string): readonly string[] {
  const meaning = meaningOf(syscallClasses, name);
  if (meaning === undefined || !("calls" in meaning)) return [];
  return meaning.calls.flatMap((word) => (word.startsWith("@") ? (groups()[word] ?? []) : [word]));
}

/** `-c`: kinds of sockets. `sockets.ts` says what they grant together with `-p`. */
export const socketPermissions = [
  "unix_socket_create",
  "unix_stream_socket_bind",
  "unix_stream_socket_connect",
  "unix_dgram_socket_bind",
  "inet_stream_socket_create",
  "inet_dgram_socket_create",
  "stream_vsocket_create",
  "stream_vsocket_bind",
  "stream_vsocket_connect",
  "stream_vsocket_trusted",
  "dgram_vsocket_create",
  "dgram_vsocket_bind",
  "dgram_vsocket_send",
  "dgram_vsocket_trusted",
  "vsocket_provide_service",
] as const;

/** `-p`: internet sockets, with the selectors that each word takes. */
export const parameters: Readonly<Record<string, readonly string[]>> = {
  inet_socket_bind: ["all", "loopback", "nonloopback"],
  inet_socket_connect: ["all", "loopback", "nonloopback"],
};

/** `-a`: the letters of a files line; null: not mediated. */
export const labelPermissions: Readonly<Record<string, string | null>> = {
  file_read: "r",
  file_write: "w",
  file_create: "c",
  file_delete: "d",
  // The kernel opens a file for reading when it executes it, so x needs r.
  file_exec: "rx",
  file_mmap_exec: null,
};

/** All words by their kind, for `secpolicytools -k`. */
export function allKeywords(): readonly {
  readonly verb: string;
  readonly words: readonly string[];
}[] {
  const selectors = Object.entries(parameters).flatMap(([name, all]) =>
    all.map((selector) => `${name} ${selector}`),
  );
  return [
    { verb: "-s", words: Object.keys(syscallClasses) },
    { verb: "-c", words: socketPermissions },
    { verb: "-p", words: selectors },
    { verb: "-a", words: Object.keys(labelPermissions) },
    { verb: "-d", words: ["file_exec", "file_mmap_exec"] },
    { verb: "-r", words: ["r", "w", "x"] },
  ];
}
