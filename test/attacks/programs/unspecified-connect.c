// title: reach 127.0.0.1 with a grant for ::1 by connecting to :: from a mapped address
// as: both
// policy: server
// event: address/connect broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_in6 a = {.sin6_family = AF_INET6};
  int s = NEED(socket(AF_INET6, SOCK_STREAM, 0));
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6_addr);
  NEED(bind(s, (void *)&a, sizeof a));
  a.sin6_addr = in6addr_any;
  a.sin6_port = htons((uint16_t)number("ATTACK_PORT_FOREIGN"));
  TRY(connect(s, (void *)&a, sizeof a));
}
