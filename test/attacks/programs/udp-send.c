// title: send a datagram to a port that is not granted
// as: both
// event: socket/create broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_in a = loopback("ATTACK_PORT_UDP");
  TRY(sendto(STEP(socket(AF_INET, SOCK_DGRAM, 0)), "x", 1, 0, (void *)&a, sizeof a));
}
