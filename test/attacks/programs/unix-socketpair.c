// title: turn a socketpair end around and send to a path
// as: both
// event: socket/create broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_un a;
  int pair[2];
  STEP(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
  socklen_t n = unix_name(&a, in_scratch("victim.dgram"));
  STEP(connect(pair[0], (void *)&a, n));
  TRY(write(pair[0], "x", 1));
}
