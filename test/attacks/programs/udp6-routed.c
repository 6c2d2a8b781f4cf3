// title: the same over IPv6, by a routing header
// as: both
// policy: sender
// event: none
#include "attack.h"
static void attack(void) {
  uint16_t port = htons((uint16_t)number("ATTACK_PORT_GRANTED"));
  struct sockaddr_in6 granted = {.sin6_family = AF_INET6, .sin6_port = port};
  char control[CMSG_SPACE(24)] = "";
  struct cmsghdr *piece = (void *)control;
  struct iovec data = {"x", 1};
  struct msghdr message = {.msg_name = &granted, .msg_namelen = sizeof granted};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  inet_pton(AF_INET6, "2001:db8::9", &granted.sin6_addr);
  piece->cmsg_len = CMSG_LEN(24);
  piece->cmsg_level = IPPROTO_IPV6;
  piece->cmsg_type = IPV6_RTHDR;
  // Type 2 with one segment left (RFC 6275): the packet goes to ::1 first.
  memcpy(CMSG_DATA(piece), (char[]){0, 2, 2, 1}, 4);
  inet_pton(AF_INET6, "::1", CMSG_DATA(piece) + 8);
  TRY(sendmsg(NEED(socket(AF_INET6, SOCK_DGRAM, 0)), &message, 0));
}
