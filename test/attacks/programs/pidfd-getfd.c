// title: steal a descriptor of a process outside
// as: both
// event: none
#include "attack.h"
static void attack(void) {
  int p = NEED(syscall(SYS_pidfd_open, number("ATTACK_VICTIM"), 0));
  TRY(syscall(SYS_pidfd_getfd, p, number("ATTACK_VICTIM_FD"), 0));
}
