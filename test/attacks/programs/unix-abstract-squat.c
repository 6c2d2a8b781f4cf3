// title: bind an abstract name that is not granted
// as: both
// event: socket/create broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_un a;
  char name[64];
  snprintf(name, sizeof name, "cofferdam-attack-squat-%d", getpid());
  socklen_t n = abstract_name(&a, name);
  TRY(bind(STEP(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&a, n));
}
