import {
  BPF_CGROUP_INET_EGRESS,
  BPF_CGROUP_INET_SOCK_CREATE,
  BPF_CGROUP_INET4_BIND,
  BPF_CGROUP_INET4_CONNECT,
  BPF_CGROUP_INET6_BIND,
  BPF_CGROUP_INET6_CONNECT,
  BPF_CGROUP_UDP4_RECVMSG,
  BPF_CGROUP_UDP4_SENDMSG,
  BPF_CGROUP_UDP6_RECVMSG,
  BPF_CGROUP_UDP6_SENDMSG,
  BPF_CGROUP_UNIX_CONNECT,
  BPF_CGROUP_UNIX_SENDMSG,
} from "../constants.ts";

/** The hook of each program in `bpf/cofferdam_cgroup.bpf.c`: `enum bpf_attach_type`. */
export const attachTypes = {
  egress: BPF_CGROUP_INET_EGRESS,
  create: BPF_CGROUP_INET_SOCK_CREATE,
  bind4: BPF_CGROUP_INET4_BIND,
  bind6: BPF_CGROUP_INET6_BIND,
  connect4: BPF_CGROUP_INET4_CONNECT,
  connect6: BPF_CGROUP_INET6_CONNECT,
  sendmsg4: BPF_CGROUP_UDP4_SENDMSG,
  sendmsg6: BPF_CGROUP_UDP6_SENDMSG,
  recvmsg4: BPF_CGROUP_UDP4_RECVMSG,
  recvmsg6: BPF_CGROUP_UDP6_RECVMSG,
  connect_unix: BPF_CGROUP_UNIX_CONNECT,
  sendmsg_unix: BPF_CGROUP_UNIX_SENDMSG,
} as const;

export type ProgramName = keyof typeof attachTypes;

/** They judge nothing, and tell `sendmsg4` and `sendmsg6` which peers a socket may answer. */
export const receivingPrograms = ["recvmsg4", "recvmsg6"] as const satisfies readonly ProgramName[];

/** Programs for internet sockets: kernel 5.2. */
export const inetPrograms = [
  "egress",
  "create",
  "bind4",
  "bind6",
  "connect4",
  "connect6",
  "sendmsg4",
  "sendmsg6",
  ...receivingPrograms,
] as const satisfies readonly ProgramName[];

/** Programs for unix sockets: kernel 6.7. */
export const unixPrograms = [
  "connect_unix",
  "sendmsg_unix",
] as const satisfies readonly ProgramName[];

/** The programs that judge a supervised domain: connects and sends only. */
export const destinationPrograms = [
  "egress",
  "connect4",
  "connect6",
  "sendmsg4",
  "sendmsg6",
  ...receivingPrograms,
  ...unixPrograms,
] as const satisfies readonly ProgramName[];
