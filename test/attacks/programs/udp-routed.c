// title: send a datagram to a host without a grant, by a source route in its control data
// as: root
// policy: sender
// event: none
#include "attack.h"
#include <netinet/ip.h>
static void attack(void) {
  struct sockaddr_in granted = loopback("ATTACK_PORT_GRANTED");
  char control[CMSG_SPACE(8)] = "";
  struct cmsghdr *piece = (void *)control;
  struct iovec data = {"x", 1};
  struct msghdr message = {.msg_name = &granted, .msg_namelen = sizeof granted};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  piece->cmsg_len = CMSG_LEN(8);
  piece->cmsg_level = IPPROTO_IP;
  piece->cmsg_type = IP_RETOPTS;
  // One loose route (RFC 791): the packet goes to 127.0.0.9 first.
  memcpy(CMSG_DATA(piece), (char[]){IPOPT_LSRR, 7, IPOPT_MINOFF, 127, 0, 0, 9, 0}, 8);
  TRY(sendmsg(NEED(socket(AF_INET, SOCK_DGRAM, 0)), &message, 0));
}
