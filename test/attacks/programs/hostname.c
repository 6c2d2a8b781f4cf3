// title: change the host's name
// as: root
// event: syscall/sethostname broker
#include "attack.h"
static void attack(void) {
  char n[65];
  NEED(gethostname(n, sizeof n));
  TRY(sethostname(n, strlen(n)));
}
