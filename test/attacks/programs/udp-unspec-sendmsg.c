// title: send to a port without a grant by sendmsg and an address without a family
// as: both
// policy: server
// event: syscall/sendmsg broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_in a = loopback("ATTACK_PORT_UDP");
  struct iovec data = {"x", 1};
  struct msghdr message =
      {.msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &data, .msg_iovlen = 1};
  int s = NEED(socket(AF_INET, SOCK_DGRAM, 0));
  a.sin_family = AF_UNSPEC;
  TRY(sendmsg(s, &message, 0));
}
