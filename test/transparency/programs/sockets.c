// Sockets of every family, by name and by address; loopback only.
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "transparent.h"

static struct sockaddr_un named(const char *name) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  snprintf(a.sun_path, sizeof a.sun_path, "%s", name);
  return a;
}
static socklen_t abstract(struct sockaddr_un *a) {
  memset(a, 0, sizeof *a);
  a->sun_family = AF_UNIX;
  int n = snprintf(a->sun_path + 1, 100, "cofferdam-transparent-%d", getpid());
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}
static struct sockaddr_in loopback(int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}
CASE(socket, families) {
  SAY_FD(socket(AF_UNIX, SOCK_STREAM, 0));
  SAY_FD(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  SAY_FD(socket(AF_INET, SOCK_STREAM, 0));
  SAY_FD(socket(AF_INET6, SOCK_DGRAM, 0));
  SAY_FD(socket(AF_INET, SOCK_RAW, 1));
  SAY_FD(socket(AF_NETLINK, SOCK_RAW, 0));
  SAY_FD(socket(AF_PACKET, SOCK_RAW, 0));
  SAY_FD(socket(40, SOCK_STREAM, 0));
  SAY_FD(socket(AF_INET, SOCK_DGRAM, 1));
}
CASE(netlink, ports_of_the_kernels_choice) {
  for (int at = 0; at < 3; at++) {
    struct sockaddr_nl a = {.nl_family = AF_NETLINK};
    socklen_t size = sizeof a;
    int fd = socket(AF_NETLINK, SOCK_RAW, 0);
    SAY(bind(fd, (struct sockaddr *)&a, sizeof a));
    SAY(getsockname(fd, (struct sockaddr *)&a, &size));
    SAY(a.nl_pid == (unsigned)getpid() ? 1 : (int)a.nl_pid < -4096 ? 2 : 3);
  }
}
CASE(socket, families_that_no_policy_grants) {
  SAY_FD(socket(AF_INET, SOCK_STREAM, 262));
  SAY_FD(socket(99, SOCK_STREAM, 0));
  SAY_FD(socket(AF_INET, 77, 0));
  SAY_FD(socket(38, SOCK_SEQPACKET, 0));
}
CASE(socket, pairs) {
  int p[2];
  SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
  SAY(write(p[0], "x", 1));
  char c;
  SAY(read(p[1], &c, 1));
  SAY(socketpair(AF_UNIX, SOCK_DGRAM, 0, p));
  SAY(send(p[0], "abc", 3, 0));
  SAY(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p));
}
CASE(socket, pair_of_another_family) {
  int p[2];
  SAY(socketpair(AF_INET, SOCK_STREAM, 0, p));
}
CASE(unix_stream, by_name) {
  struct sockaddr_un a = named("s");
  int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
  SAY(bind(l, (void *)&a, sizeof a));
  say_file("s");
  SAY(bind(l, (void *)&a, sizeof a));
  SAY(connect(c, (void *)&a, sizeof a));
  SAY(listen(l, 5));
  SAY(connect(c, (void *)&a, sizeof a));
  int s = SAY_FD(accept(l, NULL, NULL));
  SAY(write(c, "hello", 5));
  char t[8] = "";
  SAY(read(s, t, 8));
  puts(t);
  struct {
    int pid;
    unsigned uid, gid;
  } who;
  socklen_t n = sizeof who;
  SAY(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &who, &n));
  printf("peer as %u of %u\n", who.uid, who.gid);
  struct sockaddr_un p;
  n = sizeof p;
  SAY(getpeername(c, (void *)&p, &n));
  puts(p.sun_path);
  n = sizeof p;
  SAY(getsockname(l, (void *)&p, &n));
  puts(p.sun_path);
  struct sockaddr_un o = named("none");
  int x = socket(AF_UNIX, SOCK_STREAM, 0);
  SAY(connect(x, (void *)&o, sizeof o));
  o = named("f");
  put("f", "");
  SAY(connect(x, (void *)&o, sizeof o));
  o = named("none/s");
  SAY(bind(x, (void *)&o, sizeof o));
  if (symlink("s", "l")) return;
  o = named("l");
  SAY(connect(x, (void *)&o, sizeof o));
  int y = socket(AF_UNIX, SOCK_STREAM, 0);
  SAY(bind(y, (void *)&o, sizeof o));
  SAY(unlink("s"));
  SAY(connect(y, (void *)&a, sizeof a));
}
CASE(unix_stream, peer_is_the_caller) {
  struct sockaddr_un a = named("s");
  int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
  struct {
    int pid;
    unsigned uid, gid;
  } who = {0};
  socklen_t n = sizeof who;
  SAY(bind(l, (void *)&a, sizeof a));
  SAY(listen(l, 1));
  SAY(connect(c, (void *)&a, sizeof a));
  SAY(getsockopt(accept(l, NULL, NULL), SOL_SOCKET, SO_PEERCRED, &who, &n));
  printf("the connecting end is me %d\n", who.pid == getpid());
  n = sizeof who;
  SAY(getsockopt(c, SOL_SOCKET, SO_PEERCRED, &who, &n));
  printf("the listening end is me %d\n", who.pid == getpid());
}
CASE(unix_stream, in_the_umask) {
  umask(077);
  struct sockaddr_un a = named("s");
  int l = socket(AF_UNIX, SOCK_STREAM, 0);
  SAY(bind(l, (void *)&a, sizeof a));
  say_file("s");
  a = named("r");
  umask(0);
  int m = socket(AF_UNIX, SOCK_DGRAM, 0);
  SAY(bind(m, (void *)&a, offsetof(struct sockaddr_un, sun_path) + 1));
  say_file("r");
}
CASE(unix_stream, other_names) {
  struct sockaddr_un a;
  socklen_t n = abstract(&a);
  int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0),
      d = socket(AF_UNIX, SOCK_STREAM, 0);
  SAY(bind(l, (void *)&a, n));
  SAY(listen(l, 1));
  SAY(connect(c, (void *)&a, n));
  a.sun_path[3] = 'X';
  SAY(connect(d, (void *)&a, n));
  int u = socket(AF_UNIX, SOCK_STREAM, 0);
  a.sun_family = AF_UNIX;
  SAY(bind(u, (void *)&a, 2));
  SAY(connect(d, (void *)&a, 2));
  SAY(connect(d, (void *)&a, 1));
  SAY(connect(d, (void *)&a, 500));
  SAY(connect(d, (void *)16, n));
  SAY(connect(999, (void *)&a, n));
  SAY(bind(0, (void *)&a, n));
}
CASE(unix_datagram, sends) {
  struct sockaddr_un a = named("d");
  int s = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0);
  char t[16] = "";
  SAY(bind(s, (void *)&a, sizeof a));
  SAY(sendto(c, "one", 3, 0, (void *)&a, sizeof a));
  SAY(recv(s, t, sizeof t, MSG_DONTWAIT));
  puts(t);
  SAY(connect(c, (void *)&a, sizeof a));
  SAY(send(c, "two", 3, 0));
  struct iovec v[2] = {{"th", 2}, {"ree", 3}};
  struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
  SAY(sendmsg(c, &m, 0));
  m.msg_name = &a;
  m.msg_namelen = sizeof a;
  SAY(sendmsg(c, &m, 0));
  struct mmsghdr mm[2] = {{.msg_hdr = m}, {.msg_hdr = m}};
  SAY(sendmmsg(c, mm, 2, 0));
  printf("%u %u\n", mm[0].msg_len, mm[1].msg_len);
  for (int i = 0; i < 5; i++) {
    memset(t, 0, sizeof t);
    recv(s, t, sizeof t, MSG_DONTWAIT);
    puts(t);
  }
  SAY(recv(s, t, sizeof t, MSG_DONTWAIT));
  struct sockaddr_un o = named("none");
  SAY(sendto(c, "x", 1, 0, (void *)&o, sizeof o));
  m.msg_name = (void *)16;
  SAY(sendmsg(c, &m, 0));
}
CASE(unix_datagram, passes_descriptors) {
  int p[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, p)) return;
  put("f", "passed");
  int f = open("f", O_RDONLY);
  char c[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec v = {"x", 1};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = c, .msg_controllen = sizeof c};
  struct cmsghdr *h = CMSG_FIRSTHDR(&m);
  h->cmsg_level = SOL_SOCKET;
  h->cmsg_type = SCM_RIGHTS;
  h->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(h), &f, sizeof f);
  SAY(sendmsg(p[0], &m, 0));
  char t[2];
  v.iov_base = t;
  SAY(recvmsg(p[1], &m, 0));
  int g;
  memcpy(&g, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof g);
  char text[16] = "";
  SAY(read(g, text, 15));
  puts(text);
}
CASE(unix_datagram, credentials) {
  struct sockaddr_un a = named("d");
  int s = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0), on = 1;
  bind(s, (void *)&a, sizeof a);
  setsockopt(s, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  SAY(sendto(c, "x", 1, 0, (void *)&a, sizeof a));
  char t[4], b[64];
  struct iovec v = {t, 4};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = b, .msg_controllen = sizeof b};
  if (SAY(recvmsg(s, &m, MSG_DONTWAIT)) < 0) return;
  struct {
    int pid;
    unsigned uid, gid;
  } who = {0};
  memcpy(&who, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof who);
  printf("from me %d as %u\n", who.pid == getpid(), who.uid);
}
CASE(tcp, connects) {
  int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = loopback(0);
  socklen_t n = sizeof a;
  SAY(bind(l, (void *)&a, sizeof a));
  SAY(getsockname(l, (void *)&a, &n));
  SAY(listen(l, 5));
  SAY(connect(c, (void *)&a, sizeof a));
  int s = SAY_FD(accept4(l, NULL, NULL, SOCK_CLOEXEC));
  say_open(s);
  SAY(send(c, "hello", 5, 0));
  char t[8] = "";
  SAY(recv(s, t, 8, 0));
  puts(t);
  SAY(connect(c, (void *)&a, sizeof a));
  SAY(shutdown(c, SHUT_WR));
  SAY(recv(s, t, 8, 0));
  close(l);
  int d = socket(AF_INET, SOCK_STREAM, 0);
  SAY(connect(d, (void *)&a, sizeof a));
  struct sockaddr u = {.sa_family = AF_UNSPEC};
  SAY(connect(d, &u, sizeof u));
  SAY(connect(d, (void *)&a, 4));
  a.sin_family = 77;
  SAY(connect(d, (void *)&a, sizeof a));
  a = loopback(1);
  SAY(connect(d, (void *)&a, sizeof a));
  SAY(bind(d, (void *)&a, 3));
}
CASE(tcp, without_waiting) {
  int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in a = loopback(0);
  socklen_t n = sizeof a;
  bind(l, (void *)&a, sizeof a);
  getsockname(l, (void *)&a, &n);
  listen(l, 1);
  int r = connect(c, (void *)&a, sizeof a);
  printf("%d\n", r == 0 || errno == EINPROGRESS);
  struct pollfd p = {c, POLLOUT, 0};
  SAY(poll(&p, 1, 5000));
  int e = -1;
  n = sizeof e;
  SAY(getsockopt(c, SOL_SOCKET, SO_ERROR, &e, &n));
  SAY(e);
}
CASE(tcp, sixth_version) {
  int l = socket(AF_INET6, SOCK_STREAM, 0), c = socket(AF_INET6, SOCK_STREAM, 0), off = 0;
  struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
  socklen_t n = sizeof a;
  SAY(setsockopt(l, 41, 26, &off, sizeof off));
  SAY(bind(l, (void *)&a, sizeof a));
  getsockname(l, (void *)&a, &n);
  SAY(listen(l, 2));
  struct sockaddr_in6 m = a;
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &m.sin6_addr);
  SAY(connect(c, (void *)&m, sizeof m));
  int d = socket(AF_INET6, SOCK_STREAM, 0);
  inet_pton(AF_INET6, "::1", &m.sin6_addr);
  SAY(connect(d, (void *)&m, sizeof m));
}
CASE(tcp, low_port) {
  int l = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = loopback(1);
  int r = bind(l, (void *)&a, sizeof a);
  printf("low port %s\n", r == 0 || errno == EADDRINUSE ? "mine" : strerrorname_np(errno));
}
CASE(udp, sends) {
  int s = socket(AF_INET, SOCK_DGRAM, 0), c = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in a = loopback(0);
  socklen_t n = sizeof a;
  SAY(bind(s, (void *)&a, sizeof a));
  getsockname(s, (void *)&a, &n);
  SAY(sendto(c, "one", 3, 0, (void *)&a, sizeof a));
  char t[8] = "";
  SAY(recv(s, t, 8, 0));
  puts(t);
  SAY(connect(c, (void *)&a, sizeof a));
  SAY(send(c, "two", 3, 0));
  struct iovec v = {"three", 5};
  struct msghdr m = {.msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &v, .msg_iovlen = 1};
  SAY(sendmsg(c, &m, 0));
  memset(t, 0, 8);
  recv(s, t, 8, 0);
  puts(t);
  SAY(sendto(c, "x", 1, MSG_DONTROUTE, (void *)&a, sizeof a));
  a.sin_addr.s_addr = 0xffffffff;
  SAY(sendto(s, "x", 1, 0, (void *)&a, sizeof a));
  struct mmsghdr mm = {.msg_hdr = m};
  a = loopback(9);
  SAY(sendmmsg(s, &mm, 1, 0));
}
CASE(netlink, asks_for_links) {
  int s = socket(AF_NETLINK, SOCK_RAW, 0);
  struct {
    unsigned short family, pad;
    unsigned pid, groups;
  } a = {AF_NETLINK, 0, 0, 0};
  SAY(bind(s, (void *)&a, sizeof a));
  struct {
    unsigned len;
    unsigned short type, flags;
    unsigned seq, pid;
    unsigned char g[4];
  } q = {20, 18, 0x301, 1, 0, {0}};
  SAY(sendto(s, &q, sizeof q, 0, (void *)&a, sizeof a));
  char b[8192];
  printf("answer %d\n", recv(s, b, sizeof b, 0) > 0);
}
CASE(socket, options) {
  int s = socket(AF_INET, SOCK_STREAM, 0), v = 1;
  SAY(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &v, sizeof v));
  SAY(setsockopt(s, 6, 1, &v, sizeof v));
  SAY(setsockopt(s, SOL_SOCKET, 25, "lo", 3));
  SAY(setsockopt(s, SOL_SOCKET, 36, &v, sizeof v));
  SAY(setsockopt(s, SOL_SOCKET, 9999, &v, sizeof v));
  SAY(setsockopt(0, SOL_SOCKET, SO_REUSEADDR, &v, sizeof v));
  SAY((int)syscall(SYS_ioctl, s, 0x8927, &v) == 0 ? 0 : 0);
}
