// title: clone into a user namespace, garbage in the high bits
// as: both
// event: syscall/clone(CLONE_NEWUSER) broker
#include "attack.h"
static void attack(void) {
  long p = syscall(SYS_clone, 0x300000000UL | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (p == 0) _exit(0);
  TRY(p);
}
