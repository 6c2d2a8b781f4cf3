// ask KIND PLACE MILLISECONDS: puts questions to a server, as many at once as IN_FLIGHT, and prints
// how many answers came in a second; it goes on until there is one. KIND and PLACE: memcached PORT,
// dns PORT, udp PORT, datagram SERVER:OWN (paths), stream PATH. Ends with 1 when no answer comes
// for a second.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// Questions without an answer at any time. net.unix.max_dgram_qlen is 10 on many hosts.
#define IN_FLIGHT 8
#define SILENCE_MS 1000

static const char text[] = "get key\r\n";
static const char stored[] = "set key 0 0 32\r\n0123456789abcdef0123456789abcdef\r\n";
static char question[512];
static size_t asked;
// Of a socket that is connected to nothing, else empty.
static struct sockaddr_un receiver;
static socklen_t receiver_length;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int connected(int type, const struct sockaddr *to, socklen_t length) {
  int s = socket(to->sa_family, type | SOCK_CLOEXEC, 0);
  if (s < 0 || connect(s, to, length)) fail("connect");
  return s;
}

static int to_port(int type, const char *port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port)),
                           .sin_addr = {htonl(INADDR_LOOPBACK)}};
  return connected(type, (struct sockaddr *)&to, sizeof to);
}

static struct sockaddr_un named(const char *path, size_t length) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  if (length >= sizeof name.sun_path) exit(2);
  memcpy(name.sun_path, path, length);
  return name;
}

// The server answers to the path that this end is bound to. It is not connected: the kernel lets a
// connected one hear its peer alone, and a broker may send from a socket of its own.
static int to_datagram_socket(const char *paths) {
  const char *own = strchr(paths, ':');
  if (own == NULL) exit(2);
  struct sockaddr_un from = named(own + 1, strlen(own + 1));
  receiver = named(paths, (size_t)(own - paths));
  receiver_length = sizeof receiver;
  int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  unlink(from.sun_path);
  mode_t before = umask(0);
  if (s < 0 || bind(s, (struct sockaddr *)&from, sizeof from)) fail("bind");
  umask(before);
  return s;
}

static void put(int s) {
  const struct sockaddr *to = receiver_length > 0 ? (struct sockaddr *)&receiver : NULL;
  ssize_t sent = sendto(s, question, asked, MSG_NOSIGNAL, to, receiver_length);
  if (sent != (ssize_t)asked) fail("send");
}

static void take(int s) {
  char bytes[2048];
  if (recv(s, bytes, sizeof bytes, 0) <= 0) fail("recv");
}

static void wait_for(int s) {
  struct pollfd one = {s, POLLIN, 0};
  if (poll(&one, 1, SILENCE_MS) != 1) fail("no answer");
}

// One socket, several questions on their way.
static long by_datagrams(int s, double end) {
  long answers = 0;
  for (int i = 0; i < IN_FLIGHT; i++) put(s);
  for (; now() < end || answers == 0; answers++) {
    wait_for(s);
    take(s);
    put(s);
  }
  return answers;
}

// Questions leave by one call and their answers come in one, as far as they are there.
static long by_batches(int s, double end) {
  static char bytes[IN_FLIGHT][512];
  struct iovec out = {question, asked}, in[IN_FLIGHT];
  struct mmsghdr put_them[IN_FLIGHT], take_them[IN_FLIGHT];
  memset(put_them, 0, sizeof put_them);
  memset(take_them, 0, sizeof take_them);
  for (int i = 0; i < IN_FLIGHT; i++) {
    in[i] = (struct iovec){bytes[i], sizeof bytes[i]};
    put_them[i].msg_hdr = (struct msghdr){.msg_iov = &out, .msg_iovlen = 1};
    take_them[i].msg_hdr = (struct msghdr){.msg_iov = &in[i], .msg_iovlen = 1};
  }
  long answers = 0;
  while (now() < end || answers == 0) {
    int put_now = sendmmsg(s, put_them, IN_FLIGHT, 0);
    if (put_now <= 0) fail("sendmmsg");
    for (int got = 0; got < put_now;) {
      wait_for(s);
      int more = recvmmsg(s, take_them, (unsigned)(put_now - got), MSG_DONTWAIT, NULL);
      if (more <= 0) fail("recvmmsg");
      got += more;
    }
    answers += put_now;
  }
  return answers;
}

// A connection a question.
static long by_connections(const int *all, double end) {
  int set = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < IN_FLIGHT; i++) {
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = all[i]};
    if (epoll_ctl(set, EPOLL_CTL_ADD, all[i], &wanted)) fail("epoll_ctl");
    put(all[i]);
  }
  long answers = 0;
  while (now() < end || answers == 0) {
    struct epoll_event found[IN_FLIGHT];
    int count = epoll_wait(set, found, IN_FLIGHT, SILENCE_MS);
    if (count <= 0) fail("no answer");
    for (int i = 0; i < count; i++, answers++) {
      take(found[i].data.fd);
      put(found[i].data.fd);
    }
  }
  return answers;
}

// Address of `a.bench.test`.
static void ask_for_name(void) {
  static const unsigned char query[] =
      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
      "\x01" "a" "\x05" "bench" "\x04" "test" "\x00\x00\x01\x00\x01";
  asked = sizeof query - 1;
  memcpy(question, query, asked);
}

static long load(const char *kind, const char *place, double end) {
  int all[IN_FLIGHT];
  asked = 64;
  if (strcmp(kind, "dns") == 0) {
    ask_for_name();
    return by_datagrams(to_port(SOCK_DGRAM, place), end);
  }
  if (strcmp(kind, "udp") == 0) return by_batches(to_port(SOCK_DGRAM, place), end);
  if (strcmp(kind, "datagram") == 0) return by_datagrams(to_datagram_socket(place), end);
  if (strcmp(kind, "stream") == 0) {
    struct sockaddr_un to = named(place, strlen(place));
    for (int i = 0; i < IN_FLIGHT; i++)
      all[i] = connected(SOCK_STREAM, (struct sockaddr *)&to, sizeof to);
    return by_connections(all, end);
  }
  if (strcmp(kind, "memcached") != 0) exit(2);
  for (int i = 0; i < IN_FLIGHT; i++) all[i] = to_port(SOCK_STREAM, place);
  asked = sizeof stored - 1;
  memcpy(question, stored, asked);
  put(all[0]);
  take(all[0]);
  asked = sizeof text - 1;
  memcpy(question, text, asked);
  return by_connections(all, end);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: ask memcached|dns|udp|datagram|stream PLACE MILLISECONDS\n");
    return 2;
  }
  double begin = now();
  long answers = load(argv[1], argv[2], begin + atof(argv[3]));
  printf("%.0f\n", (double)answers / (now() - begin) * 1e3);
  return 0;
}
