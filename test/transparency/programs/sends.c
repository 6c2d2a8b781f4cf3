// Sends that are large, and sends that wait for room.
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "transparent.h"

static char large[5000000];
static long sum(const char *at, long length) {
  unsigned long all = 0;
  for (long i = 0; i < length; i++) all = all * 31 + (unsigned char)at[i];
  return all;
}
static void fill(void) {
  for (size_t i = 0; i < sizeof large; i++) large[i] = i * i >> 7;
}
static void of(struct msghdr *m, struct iovec v[3], size_t length) {
  for (int i = 0; i < 3; i++) v[i] = (struct iovec){large + i * (length / 3), length / 3};
  *m = (struct msghdr){.msg_iov = v, .msg_iovlen = 3};
}
static void got(int from) {
  static char into[sizeof large];
  long length = recv(from, into, sizeof into, MSG_DONTWAIT);
  printf("got %ld %lx\n", length, length > 0 ? sum(into, length) : 0);
}
CASE(sends, large_datagrams) {
  int p[2], size = 212992;
  struct iovec v[3];
  struct msghdr m;
  fill();
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, p)) return;
  of(&m, v, 300000);
  SAY(sendmsg(p[0], &m, 0));
  SAY(setsockopt(p[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size));
  SAY(sendmsg(p[0], &m, 0));
  got(p[1]);
  of(&m, v, 600000);
  SAY(sendmsg(p[0], &m, 0));
  size = 8 << 20;
  SAY(setsockopt(p[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size));
  of(&m, v, 1500000);
  SAY(sendmsg(p[0], &m, 0));
  got(p[1]);
  v[1].iov_len = -1;
  SAY(sendmsg(p[0], &m, 0));
  m.msg_iovlen = 1025;
  SAY(sendmsg(p[0], &m, 0));
  int s = socket(AF_INET, SOCK_DGRAM, 0), r = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof a;
  if (bind(r, (void *)&a, sizeof a) || getsockname(r, (void *)&a, &length)) return;
  SAY(sendto(s, large, 65507, 0, (void *)&a, sizeof a));
  SAY(sendto(s, large, 65508, 0, (void *)&a, sizeof a));
  SAY(sendto(s, large, 3000000, 0, (void *)&a, sizeof a));
  got(r);
}
// A process with one thread sends itself on a stream.
static void *idle(void *unused) {
  for (;;) pause();
  return unused;
}
static void beside(void) {
  pthread_t t;
  pthread_create(&t, NULL, idle, NULL);
}
CASE(sends, whole_streams) {
  int p[2];
  struct iovec v[3];
  struct msghdr m;
  fill();
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, p)) return;
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    static char into[sizeof large];
    long all = 0, n;
    close(p[0]);
    usleep(20000);
    while ((n = read(p[1], into + all, 70000)) > 0) all += n;
    printf("read %ld %lx\n", all, sum(into, all));
    exit(0);
  }
  close(p[1]);
  beside();
  of(&m, v, 4800000);
  SAY(sendmsg(p[0], &m, 0));
  close(p[0]);
  say_end("reader", c);
}
static volatile int rung;
static void ring(int n) {
  rung += n > 0;
}
static void *kick(void *whom) {
  usleep(50000);
  pthread_kill(*(pthread_t *)whom, SIGUSR1);
  return NULL;
}
CASE(sends, streams_for_a_time) {
  int p[2];
  struct iovec v[3];
  struct msghdr m;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, p)) return;
  beside();
  struct timeval t = {0, 30000}, none = {0, 0};
  of(&m, v, 4800000);
  SAY(setsockopt(p[0], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t));
  long sent = sendmsg(p[0], &m, 0);
  printf("some %d\n", sent > 100000 && sent < 4800000);
  SAY(sendmsg(p[0], &m, 0));
  SAY(setsockopt(p[0], SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none));
  struct sigaction a = {.sa_handler = ring};
  sigaction(SIGUSR1, &a, NULL);
  pthread_t k, self = pthread_self();
  pthread_create(&k, NULL, kick, &self);
  SAY(sendmsg(p[0], &m, 0));
  printf("rung %d\n", rung);
  pthread_join(k, NULL);
  SAY(sendmsg(p[0], &m, MSG_DONTWAIT));
}
CASE(sends, datagrams_on_a_connection_wait) {
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "r"};
  int r = socket(AF_UNIX, SOCK_DGRAM, 0), s = socket(AF_UNIX, SOCK_DGRAM, 0), sent = 0;
  struct iovec v = {"x", 1};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
  SAY(bind(r, (void *)&name, sizeof name));
  SAY(connect(s, (void *)&name, sizeof name));
  while (sendmsg(s, &m, MSG_DONTWAIT) == 1) sent = 1;
  printf("%d, then %s\n", sent, strerrorname_np(errno));
  struct timeval t = {0, 30000}, none = {0, 0};
  SAY(setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t));
  SAY(sendmsg(s, &m, 0));
  SAY(setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none));
  struct sigaction a = {.sa_handler = ring};
  sigaction(SIGALRM, &a, NULL);
  struct itimerval once = {.it_value = {0, 50000}}, never = {0};
  setitimer(ITIMER_REAL, &once, NULL);
  SAY(sendmsg(s, &m, 0));
  setitimer(ITIMER_REAL, &never, NULL);
  printf("rung %d\n", rung);
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    char t;
    usleep(50000);
    exit(recv(r, &t, 1, MSG_DONTWAIT) == 1 ? 0 : 1);
  }
  SAY(sendmsg(s, &m, 0));
  say_end("receiver", c);
}
