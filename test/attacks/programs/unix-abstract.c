// title: connect to an abstract socket outside
// as: both
// event: socket/create broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_un a;
  socklen_t n = abstract_name(&a, setting("ATTACK_ABSTRACT"));
  TRY(connect(STEP(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&a, n));
}
