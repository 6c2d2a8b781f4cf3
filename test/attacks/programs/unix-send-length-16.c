// title: the same with an address length that looks like IPv4
// as: both
// event: socket/create broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_un a;
  NEED(chdir(setting("ATTACK_SCRATCH")));
  unix_name(&a, "v.dgram");
  TRY(sendto(STEP(socket(AF_UNIX, SOCK_DGRAM, 0)), "x", 1, 0, (void *)&a, 16));
}
