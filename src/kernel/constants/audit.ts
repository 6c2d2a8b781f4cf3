/** `linux/audit.h` and `linux/netlink.h`. */
export const NETLINK_ROUTE = 0;
export const NETLINK_AUDIT = 9;
export const NLM_F_REQUEST = 0x01;
export const NLM_F_MULTI = 0x02;
export const NLM_F_ACK = 0x04;
export const NLMSG_ERROR = 0x2;
export const NLMSG_DONE = 0x3;
export const NLMSG_ALIGNTO = 4;

export const AUDIT_NLGRP_READLOG = 1;
export const AUDIT_GET = 1000;
export const AUDIT_SET = 1001;
export const AUDIT_SYSCALL = 1300;
export const AUDIT_EOE = 1320;
export const AUDIT_SECCOMP = 1326;
/** Linux 6.15. */
export const AUDIT_LANDLOCK_ACCESS = 1423;
/** Linux 6.15. */
export const AUDIT_LANDLOCK_DOMAIN = 1424;

export const AUDIT_STATUS_ENABLED = 0x0001;
export const AUDIT_STATUS_FAILURE = 0x0002;
export const AUDIT_STATUS_PID = 0x0004;
export const AUDIT_STATUS_RATE_LIMIT = 0x0008;
export const AUDIT_STATUS_BACKLOG_LIMIT = 0x0010;
export const AUDIT_STATUS_BACKLOG_WAIT_TIME = 0x0020;
export const AUDIT_STATUS_LOST = 0x0040;
