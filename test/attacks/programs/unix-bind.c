// title: bind a unix socket beside an exactly granted name
// as: both
// event: socket/create broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_un a;
  socklen_t n = unix_name(&a, in_scratch("exact/other.sock"));
  TRY(bind(STEP(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&a, n));
}
