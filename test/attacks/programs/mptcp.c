// title: connect over MPTCP, which TCP rules do not cover
// as: both
// event: socket/create broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_in a = loopback("ATTACK_PORT_FOREIGN");
  TRY(connect(STEP(socket(AF_INET, SOCK_STREAM, 262)), (void *)&a, sizeof a));
}
