// title: serve every IPv4 address with a grant for ::
// as: both
// policy: server
// event: address/listen broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = 0};
  int both = 0, s = NEED(socket(AF_INET6, SOCK_STREAM, 0));
  NEED(setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof both));
  STEP(bind(s, (void *)&a, sizeof a));
  TRY(listen(s, 1));
}
