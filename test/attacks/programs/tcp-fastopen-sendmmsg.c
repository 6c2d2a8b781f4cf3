// title: deliver data with sendmmsg(MSG_FASTOPEN), garbage in the high bits of flags
// as: both
// event: syscall/sendmmsg(MSG_FASTOPEN) broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_in a = loopback("ATTACK_PORT_FOREIGN");
  struct iovec io = {"x", 1};
  struct mmsghdr m = {.msg_hdr =
      {.msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &io, .msg_iovlen = 1}};
  TRY(syscall(SYS_sendmmsg, NEED(socket(AF_INET, SOCK_STREAM, 0)), &m, 1,
      0x500000000UL | MSG_FASTOPEN));
}
