import { AF_NETLINK, NETLINK_AUDIT, SOCK_CLOEXEC, SOCK_RAW } from "../constants.ts";
import { close, ErrnoError, syscall } from "../ffi.ts";
import { sockaddrNl } from "../structs.ts";

/** `group`: the multicast group to join (AUDIT_NLGRP_READLOG, needs CAP_AUDIT_READ), 0 for none. */
export function openAuditSocket(group = 0): number {
  const socket = syscall("socket", AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
  const address = sockaddrNl.encode({
    nl_family: AF_NETLINK,
    nl_groups: group === 0 ? 0 : 1 << (group - 1),
  });
  try {
    syscall("bind", socket, address, address.length);
  } catch (error) {
    close(socket);
    if (error instanceof ErrnoError)
      throw new ErrnoError("join the audit multicast group", error.errno);
    throw error;
  }
  return socket;
}
