// Messages with control data, in both directions, on sockets of every kind.
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "transparent.h"

struct letter {
  struct msghdr head;
  struct iovec piece;
  union {
    char bytes[512];
    struct cmsghdr align;
  } control;
  char text[64];
};

static void begin(struct letter *l, const char *text) {
  memset(l, 0, sizeof *l);
  snprintf(l->text, sizeof l->text, "%s", text);
  l->piece = (struct iovec){l->text, strlen(text)};
  l->head.msg_iov = &l->piece;
  l->head.msg_iovlen = 1;
}
static void add(struct letter *l, int type, const void *data, size_t length) {
  struct cmsghdr *c = (struct cmsghdr *)(l->control.bytes + l->head.msg_controllen);
  l->head.msg_control = l->control.bytes;
  l->head.msg_controllen += CMSG_SPACE(length);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(length);
  memcpy(CMSG_DATA(c), data, length);
}
// Receives and tells what came.
static int receive(int s, int flags) {
  struct letter l;
  int last = -1;
  begin(&l, "");
  l.piece.iov_len = sizeof l.text - 1;
  l.head.msg_control = l.control.bytes;
  l.head.msg_controllen = sizeof l.control.bytes;
  long got = recvmsg(s, &l.head, flags);
  say("received", got);
  if (got < 0) return -1;
  printf("<%.*s> flags %x\n", (int)got, l.text, l.head.msg_flags);
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&l.head); c; c = CMSG_NXTHDR(&l.head, c)) {
    if (c->cmsg_type == SCM_RIGHTS) {
      int n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int)), f[32];
      memcpy(f, CMSG_DATA(c), (size_t)n * sizeof(int));
      printf("%d descriptors\n", n);
      for (int i = 0; i < n; i++) say_open(f[i]);
      last = f[n - 1];
    } else if (c->cmsg_type == SCM_CREDENTIALS) {
      struct ucred u;
      memcpy(&u, CMSG_DATA(c), sizeof u);
      printf("from me %d as %u of %u\n", u.pid == getpid(), u.uid, u.gid);
    }
  }
  return last;
}
static void exchange(int kind) {
  int p[2], on = 1;
  struct letter l;
  if (socketpair(AF_UNIX, kind, 0, p)) return;
  put("f", "passed on");
  int f = open("f", O_RDWR | O_APPEND), g = open("f", O_RDONLY), o = open("f", O_PATH);
  begin(&l, "one");
  add(&l, SCM_RIGHTS, &f, sizeof f);
  SAY(sendmsg(p[0], &l.head, 0));
  int r = receive(p[1], 0);
  SAY(write(r, "!", 1));
  say_content("f");
  begin(&l, "three");
  add(&l, SCM_RIGHTS, (int[]){f, g, o}, 3 * sizeof f);
  SAY(sendmsg(p[0], &l.head, MSG_NOSIGNAL));
  receive(p[1], MSG_CMSG_CLOEXEC);
  begin(&l, "bad");
  add(&l, SCM_RIGHTS, (int[]){f, 99}, 2 * sizeof f);
  SAY(sendmsg(p[0], &l.head, 0));
  SAY(setsockopt(p[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
  begin(&l, "plain");
  SAY(sendmsg(p[0], &l.head, 0));
  receive(p[1], 0);
  struct ucred me = {getpid(), getuid(), getgid()}, other = {1, getuid(), getgid()};
  begin(&l, "signed");
  add(&l, SCM_CREDENTIALS, &me, sizeof me);
  add(&l, SCM_RIGHTS, &g, sizeof g);
  SAY(sendmsg(p[0], &l.head, 0));
  receive(p[1], 0);
  begin(&l, "forged");
  add(&l, SCM_CREDENTIALS, &other, sizeof other);
  if (geteuid() != 0) SAY(sendmsg(p[0], &l.head, 0));
  begin(&l, "cut");
  add(&l, SCM_RIGHTS, &f, sizeof f);
  ((struct cmsghdr *)l.control.bytes)->cmsg_len = 7;
  SAY(sendmsg(p[0], &l.head, 0));
  SAY(send(p[0], "", 0, 0));
  SAY(sendmsg(p[0], &(struct msghdr){0}, 0));
  receive(p[1], MSG_DONTWAIT);
}
CASE(messages, stream_pair) {
  exchange(SOCK_STREAM);
}
CASE(messages, datagram_pair) {
  exchange(SOCK_DGRAM);
}
CASE(messages, packet_pair) {
  exchange(SOCK_SEQPACKET);
}
static struct sockaddr_un named(const char *name) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  snprintf(a.sun_path, sizeof a.sun_path, "%s", name);
  return a;
}
CASE(messages, datagrams_by_name) {
  struct sockaddr_un a = named("a"), b = named("b"), from = {0};
  int s = socket(AF_UNIX, SOCK_DGRAM, 0), t = socket(AF_UNIX, SOCK_DGRAM, 0), on = 1;
  SAY(bind(s, (void *)&a, sizeof a));
  SAY(bind(t, (void *)&b, sizeof b));
  SAY(setsockopt(s, SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
  put("f", "passed on");
  int f = open("f", O_RDONLY);
  struct letter l;
  begin(&l, "with a file");
  add(&l, SCM_RIGHTS, &f, sizeof f);
  l.head.msg_name = &a;
  l.head.msg_namelen = sizeof a;
  SAY(sendmsg(t, &l.head, 0));
  receive(s, MSG_DONTWAIT);
  SAY(sendto(t, "named", 5, 0, (void *)&a, sizeof a));
  char text[16] = "";
  socklen_t n = sizeof from;
  SAY(recvfrom(s, text, sizeof text, MSG_DONTWAIT, (void *)&from, &n));
  printf("%s from %s\n", text, from.sun_path);
  SAY(connect(s, (void *)&b, sizeof b));
  SAY(send(s, "back", 4, 0));
  receive(t, MSG_DONTWAIT);
  SAY(unlink("b"));
  SAY(sendto(s, "gone", 4, 0, (void *)&b, sizeof b));
  SAY(connect(t, &(struct sockaddr){AF_UNSPEC, {0}}, 2));
  SAY(send(t, "x", 1, 0));
  SAY(chmod("a", 0));
  IN_CHILD({
    if (geteuid() == 0) SAY(setuid(65534));
    SAY(sendto(t, "x", 1, 0, (void *)&a, sizeof a));
  });
}
// The process id that a server is told of a connected peer.
CASE(messages, several_at_once) {
  int p[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, p)) return;
  struct mmsghdr m[5];
  struct iovec v[5];
  char text[5][8];
  for (int i = 0; i < 5; i++) {
    snprintf(text[i], 8, "no %d", i);
    v[i] = (struct iovec){text[i], strlen(text[i])};
    m[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &v[i], .msg_iovlen = 1}};
  }
  m[3].msg_hdr.msg_iov = (void *)16;
  SAY(sendmmsg(p[0], m, 5, 0));
  printf("%u %u %u\n", m[0].msg_len, m[2].msg_len, m[3].msg_len);
  for (int i = 0; i < 4; i++) receive(p[1], MSG_DONTWAIT);
  SAY(sendmmsg(p[0], m + 3, 1, 0));
  SAY(sendmmsg(p[0], m, 0, 0));
  SAY(sendmmsg(99, m, 1, 0));
}
CASE(messages, full_and_broken) {
  int p[2], sent = 0;
  static char big[4096];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, p)) return;
  struct iovec v = {big, sizeof big};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
  while (sendmsg(p[0], &m, MSG_DONTWAIT) > 0) sent = 1;
  printf("%d, then %s\n", sent, strerrorname_np(errno));
  struct timeval t = {0, 50000};
  SAY(setsockopt(p[0], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t));
  SAY(sendmsg(p[0], &m, 0));
  close(p[1]);
  SAY(sendmsg(p[0], &m, MSG_NOSIGNAL));
  IN_CHILD({ SAY(sendmsg(p[0], &m, 0)); });
}
CASE(messages, waits_for_room) {
  int p[2];
  static char big[100000];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, p)) return;
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    long all = 0, got;
    close(p[0]);
    usleep(20000);
    while ((got = read(p[1], big, 5000)) > 0) all += got;
    printf("read %ld\n", all);
    exit(0);
  }
  struct iovec v = {big, sizeof big};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
  for (int i = 0; i < 10; i++)
    if (sendmsg(p[0], &m, 0) != (long)sizeof big) puts("short");
  close(p[0]);
  close(p[1]);
  say_end("reader", c);
}
CASE(messages, packets_and_where_they_come_from) {
  int s = socket(AF_INET, SOCK_DGRAM, 0), c = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, b;
  socklen_t n = sizeof a;
  SAY(bind(s, (void *)&a, sizeof a));
  getsockname(s, (void *)&a, &n);
  SAY(setsockopt(s, IPPROTO_IP, IP_PKTINFO, &on, sizeof on));
  struct letter l;
  begin(&l, "packet");
  l.head.msg_name = &a;
  l.head.msg_namelen = sizeof a;
  SAY(sendmsg(c, &l.head, 0));
  n = sizeof b;
  char text[16] = "";
  SAY(recvfrom(s, text, sizeof text, 0, (void *)&b, &n));
  SAY(sendto(s, "answer", 6, 0, (void *)&b, sizeof b));
  receive(c, 0);
  SAY(connect(c, (void *)&a, sizeof a));
  SAY(sendto(c, "x", 1, 0, (void *)&a, 3));
  SAY(connect(c, &(struct sockaddr){AF_UNSPEC, {0}}, sizeof(struct sockaddr)));
  SAY(send(c, "x", 1, 0));
}
