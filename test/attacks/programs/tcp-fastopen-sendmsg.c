// title: deliver data with sendmsg(MSG_FASTOPEN)
// as: both
// event: syscall/sendmsg(MSG_FASTOPEN) broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_in a = loopback("ATTACK_PORT_FOREIGN");
  struct iovec io = {"x", 1};
  struct msghdr m = {.msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &io, .msg_iovlen = 1};
  TRY(sendmsg(NEED(socket(AF_INET, SOCK_STREAM, 0)), &m, MSG_FASTOPEN));
}
