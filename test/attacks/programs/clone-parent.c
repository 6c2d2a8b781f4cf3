// title: give the daemon's parent, outside the domain, a child and with it a signal
// as: both
// event: syscall/clone(CLONE_PARENT) broker
#include "attack.h"
static void attack(void) {
  long child = STEP(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
  if (child == 0) _exit(77);
  succeeded("a child of the parent");
}
