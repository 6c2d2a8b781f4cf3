// many PORT...: one sendmmsg(2) with a UDP datagram to each port of the loopback address. Prints
// what came back.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MAX = 1024 };
static struct sockaddr_in to[MAX];
static struct mmsghdr messages[MAX];

int main(int argc, char **argv) {
  struct iovec text = {"x", 1};
  int count = argc - 1;
  if (count > MAX) return 1;
  for (int i = 0; i < count; i++) {
    to[i] = (struct sockaddr_in){
      .sin_family = AF_INET,
      .sin_port = htons(atoi(argv[i + 1])),
      .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
    messages[i].msg_hdr = (struct msghdr){
      .msg_name = &to[i], .msg_namelen = sizeof to[i], .msg_iov = &text, .msg_iovlen = 1,
    };
  }
  int sent = sendmmsg(socket(AF_INET, SOCK_DGRAM, 0), messages, count, 0);
  printf("%d %s\n", sent, sent < 0 ? strerrorname_np(errno) : "-");
  return 0;
}
