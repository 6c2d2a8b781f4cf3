/** `sys/socket.h`, `netinet/in.h`, `linux/vm_sockets.h`. */
export const AF_UNSPEC = 0;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const AF_ALG = 38;
export const AF_VSOCK = 40;
export const AF_SMC = 43;
export const AF_XDP = 44;

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_SEQPACKET = 5;
/** The bits of a socket's type; higher bits are flags (`linux/net.h`, kernel internal). */
export const SOCK_TYPE_MASK = 0xf;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const IPPROTO_IP = 0;
export const IPPROTO_ICMP = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_SCTP = 132;
export const IPPROTO_UDPLITE = 136;
export const IPPROTO_RAW = 255;
/** Linux 6.11. */
export const IPPROTO_SMC = 256;
export const IPPROTO_MPTCP = 262;
export const IPV6_V6ONLY = 26;
export const IP_TOS = 1;
export const IP_TTL = 2;
export const IP_PKTINFO = 8;
export const IPV6_PKTINFO = 50;
export const IPV6_HOPLIMIT = 52;
export const IPV6_TCLASS = 67;
/** `netinet/udp.h` */
export const UDP_SEGMENT = 103;

export const SOL_SOCKET = 1;
export const SO_TYPE = 3;
export const SO_SNDBUF = 7;
export const SO_PROTOCOL = 38;
export const SO_DOMAIN = 39;
export const SO_ERROR = 4;
export const SO_SNDTIMEO = 21;
/** Linux 6.5. */
export const SO_PEERGROUPS = 59;
export const SO_PEERPIDFD = 77;
/** Since Linux 6.16. */
export const SO_PASSRIGHTS = 83;
export const SO_RCVBUFFORCE = 33;
export const SO_RCVBUF = 8;
export const SO_PEERCRED = 17;

export const MSG_DONTWAIT = 0x40;
export const MSG_PEEK = 0x2;
export const MSG_TRUNC = 0x20;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_FASTOPEN = 0x20000000;

/** `linux/socket.h`, `sys/epoll.h`, `sys/eventfd.h` */
export const SCM_RIGHTS = 1;
export const SHUT_RDWR = 2;
export const SO_SNDBUFFORCE = 32;
export const SCM_CREDENTIALS = 2;
export const MSG_CTRUNC = 0x8;
export const MSG_CMSG_CLOEXEC = 0x40000000;
export const EPOLL_CLOEXEC = 0o2000000;
export const EFD_CLOEXEC = 0o2000000;
export const EPOLLET = 0x80000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;

export const POLLIN = 0x001;
export const POLLPRI = 0x002;
export const POLLOUT = 0x004;
export const POLLERR = 0x008;
export const POLLHUP = 0x010;
export const POLLNVAL = 0x020;
/** Bytes of `sun_path`. */
export const UNIX_PATH_MAX = 108;
