// title: attach to a process outside
// as: both
// event: none
#include "attack.h"
#include <sys/ptrace.h>
static void attack(void) {
  pid_t p = (pid_t)number("ATTACK_VICTIM");
  errno = 0;
  if (ptrace(PTRACE_SEIZE, p, 0, 0) < 0) refused("ptrace");
  ptrace(PTRACE_DETACH, p, 0, 0);
  succeeded("attached");
}
