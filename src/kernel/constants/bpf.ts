/** `linux/bpf.h`. */
export const BPF_PROG_LOAD = 5;
export const BPF_PROG_ATTACH = 8;
export const BPF_PROG_GET_FD_BY_ID = 13;
export const BPF_PROG_DETACH = 9;
export const BPF_OBJ_GET_INFO_BY_FD = 15;
export const BPF_PROG_QUERY = 16;
export const BPF_RAW_TRACEPOINT_OPEN = 17;

export const BPF_PROG_TYPE_CGROUP_SKB = 8;
export const BPF_PROG_TYPE_CGROUP_SOCK = 9;
export const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
export const BPF_PROG_TYPE_CGROUP_SOCK_ADDR = 18;
export const BPF_PROG_TYPE_LSM = 29;

export const BPF_CGROUP_INET_EGRESS = 1;
export const BPF_CGROUP_INET_SOCK_CREATE = 2;
export const BPF_CGROUP_DEVICE = 6;
export const BPF_CGROUP_INET4_BIND = 8;
export const BPF_CGROUP_INET6_BIND = 9;
export const BPF_CGROUP_INET4_CONNECT = 10;
export const BPF_CGROUP_INET6_CONNECT = 11;
export const BPF_CGROUP_UDP4_SENDMSG = 14;
export const BPF_CGROUP_UDP6_SENDMSG = 15;
/** Linux 5.2. */
export const BPF_CGROUP_UDP4_RECVMSG = 19;
/** Linux 5.2. */
export const BPF_CGROUP_UDP6_RECVMSG = 20;
/** Linux 5.5. */
export const BPF_TRACE_FENTRY = 24;
export const BPF_LSM_MAC = 27;
/** Linux 6.7. */
export const BPF_CGROUP_UNIX_CONNECT = 49;
/** Linux 6.7. */
export const BPF_CGROUP_UNIX_SENDMSG = 50;

export const BPF_F_ALLOW_OVERRIDE = 1 << 0;
export const BPF_F_ALLOW_MULTI = 1 << 1;
export const BPF_F_REPLACE = 1 << 2;
/** Bytes of a program's tag. */
export const BPF_TAG_SIZE = 8;
/** Length of a program's or map's name with its NUL, bytes. */
export const BPF_OBJ_NAME_LEN = 16;

export const BPF_ALU64 = 0x07;
export const BPF_MOV = 0xb0;
export const BPF_EXIT = 0x90;
