// accept [PATH]: listens on a port of the kernel's choice on loopback, prints it, and closes
// whatever connects, there or to a unix socket at PATH, until standard input ends. What an
// accepting program of more words costs would be measured as the connecting one's.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define QUEUE 4096

static void fail(const char *what) {
  perror(what);
  _exit(1);
}

static int listening(int family, void *own, socklen_t length) {
  int s = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (s < 0 || bind(s, own, length) || listen(s, QUEUE)) fail("accept");
  return s;
}

static int listening_at(const char *path) {
  struct sockaddr_un own = {.sun_family = AF_UNIX};
  strncpy(own.sun_path, path, sizeof own.sun_path - 1);
  return listening(AF_UNIX, &own, sizeof own);
}

static void take(int s) {
  for (int one; (one = accept4(s, NULL, NULL, SOCK_CLOEXEC)) >= 0;) close(one);
}

int main(int argc, char **argv) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof own;
  int s = listening(AF_INET, &own, length);
  // poll(2) passes over a negative descriptor.
  int local = argc > 1 ? listening_at(argv[1]) : -1;
  if (getsockname(s, (struct sockaddr *)&own, &length)) fail("getsockname");
  printf("%d\n", ntohs(own.sin_port));
  fflush(stdout);
  for (;;) {
    struct pollfd waited[3] = {{s, POLLIN, 0}, {local, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (poll(waited, 3, -1) < 0 || waited[2].revents) return 0;
    if (waited[0].revents) take(s);
    if (waited[1].revents) take(local);
  }
}
