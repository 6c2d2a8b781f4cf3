// echo udp PORT | datagram PATH | stream PATH: answers with what it was sent, by the three calls
// that daemons answer with: sendmmsg over UDP, sendto to the path of a unix socket, sendmsg on an
// accepted unix stream. Ends by a signal alone.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// Messages of one recvmmsg, and bytes of a message.
#define BATCH 16
#define BYTES 512

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void udp(const char *port) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port)),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (s < 0 || bind(s, (struct sockaddr *)&own, sizeof own)) fail("bind");
  static char bytes[BATCH][BYTES];
  static struct sockaddr_in peers[BATCH];
  struct iovec pieces[BATCH];
  struct mmsghdr messages[BATCH];
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      pieces[i] = (struct iovec){bytes[i], BYTES};
      messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i], .msg_namelen = sizeof peers[i],
                                            .msg_iov = &pieces[i], .msg_iovlen = 1};
    }
    int got = recvmmsg(s, messages, BATCH, MSG_WAITFORONE, NULL);
    if (got < 0) fail("recvmmsg");
    for (int i = 0; i < got; i++) pieces[i].iov_len = messages[i].msg_len;
    for (int sent = 0, now; sent < got; sent += now) {
      now = sendmmsg(s, messages + sent, (unsigned)(got - sent), 0);
      if (now <= 0) fail("sendmmsg");
    }
  }
}

static int bound(const char *path, int type) {
  struct sockaddr_un own = {.sun_family = AF_UNIX};
  snprintf(own.sun_path, sizeof own.sun_path, "%s", path);
  int s = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (s < 0 || bind(s, (struct sockaddr *)&own, sizeof own)) fail("bind");
  return s;
}

static void datagram(const char *path) {
  int s = bound(path, SOCK_DGRAM);
  char bytes[BYTES];
  for (;;) {
    struct sockaddr_un peer;
    socklen_t length = sizeof peer;
    ssize_t got = recvfrom(s, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &length);
    if (got < 0) fail("recvfrom");
    // A peer that is gone meanwhile is no reason to end.
    if (sendto(s, bytes, (size_t)got, 0, (struct sockaddr *)&peer, length) < 0 &&
        errno != ECONNREFUSED && errno != ENOENT)
      fail("sendto");
  }
}

static void answer(int connection) {
  char bytes[BYTES];
  ssize_t got = recv(connection, bytes, sizeof bytes, 0);
  struct iovec piece = {bytes, (size_t)got};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  if (got <= 0 || sendmsg(connection, &message, MSG_NOSIGNAL) != got) close(connection);
}

static void stream(const char *path) {
  int s = bound(path, SOCK_STREAM), set = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event wanted = {.events = EPOLLIN, .data.fd = s}, found[BATCH];
  if (listen(s, BATCH) || epoll_ctl(set, EPOLL_CTL_ADD, s, &wanted)) fail("listen");
  for (;;) {
    int count = epoll_wait(set, found, BATCH, -1);
    if (count < 0) fail("epoll_wait");
    for (int i = 0; i < count; i++) {
      if (found[i].data.fd != s) {
        answer(found[i].data.fd);
        continue;
      }
      wanted.data.fd = accept4(s, NULL, NULL, SOCK_CLOEXEC);
      if (wanted.data.fd >= 0) epoll_ctl(set, EPOLL_CTL_ADD, wanted.data.fd, &wanted);
    }
  }
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "udp") == 0) udp(argv[2]);
  if (argc == 3 && strcmp(argv[1], "datagram") == 0) datagram(argv[2]);
  if (argc == 3 && strcmp(argv[1], "stream") == 0) stream(argv[2]);
  fprintf(stderr, "usage: echo udp PORT | datagram PATH | stream PATH\n");
  return 2;
}
