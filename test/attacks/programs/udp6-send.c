// title: the same over IPv6 to a mapped address
// as: both
// event: socket/create broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_in6 a =
      {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number("ATTACK_PORT_UDP"))};
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6_addr);
  TRY(sendto(STEP(socket(AF_INET6, SOCK_DGRAM, 0)), "x", 1, 0, (void *)&a, sizeof a));
}
