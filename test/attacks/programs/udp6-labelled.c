// title: the same by a routing header that a flow label carries
// as: both
// policy: sender
// event: syscall/setsockopt(IPPROTO_IPV6, IPV6_FLOWLABEL_MGR) broker
#include "attack.h"
#include <linux/in6.h>
static void attack(void) {
  uint16_t port = htons((uint16_t)number("ATTACK_PORT_GRANTED"));
  struct sockaddr_in6 granted = {.sin6_family = AF_INET6, .sin6_port = port};
  struct {
    struct in6_flowlabel_req request;
    char control[CMSG_SPACE(24)];
  } label = {.request = {.flr_action = IPV6_FL_A_GET, .flr_flags = IPV6_FL_F_CREATE}};
  struct cmsghdr *piece = (void *)label.control;
  int s = NEED(socket(AF_INET6, SOCK_DGRAM, 0)), one = 1;
  inet_pton(AF_INET6, "2001:db8::9", &granted.sin6_addr);
  label.request.flr_share = IPV6_FL_S_EXCL;
  label.request.flr_linger = 6;
  label.request.flr_dst = granted.sin6_addr;
  piece->cmsg_len = CMSG_LEN(24);
  piece->cmsg_level = IPPROTO_IPV6;
  piece->cmsg_type = IPV6_RTHDR;
  // Type 2 with one segment left (RFC 6275): the packet goes to ::1 first.
  memcpy(CMSG_DATA(piece), (char[]){0, 2, 2, 1}, 4);
  inet_pton(AF_INET6, "::1", CMSG_DATA(piece) + 8);
  STEP(setsockopt(s, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &label, sizeof label));
  STEP(setsockopt(s, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, &one, sizeof one));
  granted.sin6_flowinfo = label.request.flr_label;
  TRY(sendto(s, "x", 1, 0, (void *)&granted, sizeof granted));
}
