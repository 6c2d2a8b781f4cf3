// title: write another daemon's configuration, then signal it (the original's inetd break-out)
// as: both
// event: name/write kernel
#include "attack.h"
static void attack(void) {
  int fd = STEP(open(in_scratch("secret/daemon.conf"), O_WRONLY | O_APPEND));
  STEP(write(fd, "run me\n", 7));
  TRY(kill((pid_t)number("ATTACK_VICTIM"), SIGCONT));
}
