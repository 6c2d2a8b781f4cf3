// accept: listens on a port of the kernel's choice on loopback, prints it, and closes whatever
// connects, until standard input ends. What an accepting program of more words costs would be
// measured as the connecting one's.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUEUE 4096

int main(void) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof own;
  int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (s < 0 || bind(s, (struct sockaddr *)&own, length) || listen(s, QUEUE) ||
      getsockname(s, (struct sockaddr *)&own, &length)) {
    perror("accept");
    return 1;
  }
  printf("%d\n", ntohs(own.sin_port));
  fflush(stdout);
  for (;;) {
    struct pollfd waited[2] = {{s, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (poll(waited, 2, -1) < 0 || waited[1].revents) return 0;
    for (int one; (one = accept4(s, NULL, NULL, SOCK_CLOEXEC)) >= 0;) close(one);
  }
}
