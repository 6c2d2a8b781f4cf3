import { struct } from "../struct.ts";

/** `linux/in.h`, `linux/un.h`, `linux/netlink.h` */
export const sockaddrIn = struct("struct sockaddr_in", {
  sin_family: "u16",
  sin_port: "u16be",
  sin_addr: "bytes:4",
  sin_zero: "bytes:8",
});
export const sockaddrIn6 = struct("struct sockaddr_in6", {
  sin6_family: "u16",
  sin6_port: "u16be",
  sin6_flowinfo: "u32",
  sin6_addr: "bytes:16",
  sin6_scope_id: "u32",
});
export const sockaddrUn = struct("struct sockaddr_un", {
  sun_family: "u16",
  sun_path: "bytes:108",
});
export const sockaddrNl = struct("struct sockaddr_nl", {
  nl_family: "u16",
  nl_pad: "u16",
  nl_pid: "u32",
  nl_groups: "u32",
});

/** `sys/socket.h` */
export const iovec = struct("struct iovec", { iov_base: "u64", iov_len: "u64" });
export const msghdr = struct("struct msghdr", {
  msg_name: "u64",
  msg_namelen: "u32",
  msg_iov: "u64",
  msg_iovlen: "u64",
  msg_control: "u64",
  msg_controllen: "u64",
  msg_flags: "i32",
});
export const mmsghdr = struct("struct mmsghdr", {
  "msg_hdr.msg_name": "u64",
  "msg_hdr.msg_namelen": "u32",
  "msg_hdr.msg_iov": "u64",
  "msg_hdr.msg_iovlen": "u64",
  "msg_hdr.msg_control": "u64",
  "msg_hdr.msg_controllen": "u64",
  "msg_hdr.msg_flags": "i32",
  "#padding": "u32",
  msg_len: "u32",
});
export const cmsghdr = struct("struct cmsghdr", {
  cmsg_len: "u64",
  cmsg_level: "i32",
  cmsg_type: "i32",
});
export const ucred = struct("struct ucred", { pid: "i32", uid: "u32", gid: "u32" });
