// title: send to a port without a grant by an address without a family
// as: both
// policy: server
// event: syscall/sendto broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_in a = loopback("ATTACK_PORT_UDP");
  int s = NEED(socket(AF_INET, SOCK_DGRAM, 0));
  a.sin_family = AF_UNSPEC;
  TRY(sendto(s, "x", 1, 0, (void *)&a, sizeof a));
}
