// title: clone3 into a user namespace, flags in memory
// as: both
// event: none
#include "attack.h"
#include <linux/sched.h>
static void attack(void) {
  struct clone_args a = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
  long p = syscall(435, &a, sizeof a);
  if (p == 0) _exit(0);
  TRY(p);
}
