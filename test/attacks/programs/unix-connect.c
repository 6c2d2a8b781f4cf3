// title: connect to a unix socket that is not granted
// as: both
// event: socket/create broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_un a;
  socklen_t n = unix_name(&a, in_scratch("victim.sock"));
  TRY(connect(STEP(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&a, n));
}
