// title: signal a process outside through a pidfd
// as: both
// event: signal/signal kernel
#include "attack.h"
static void attack(void) {
  TRY(syscall(SYS_pidfd_send_signal, NEED(syscall(SYS_pidfd_open, number("ATTACK_VICTIM"), 0)),
      SIGCONT, 0, 0));
}
