// title: connect to a port that is not granted
// as: both
// event: address/connect kernel
#include "attack.h"
static void attack(void) {
  struct sockaddr_in a = loopback("ATTACK_PORT_FOREIGN");
  TRY(connect(NEED(socket(AF_INET, SOCK_STREAM, 0)), (void *)&a, sizeof a));
}
