// title: ioctl on a device granted for reading only, put in the place of standard input
// as: both
// event: name/ioctl kernel
#include "attack.h"
static void attack(void) {
  int n = 0;
  NEED(dup2(NEED(open(setting("ATTACK_DEVICE"), O_RDONLY)), 0));
  TRY(ioctl(0, 0x80045200 /* RNDGETENTCNT */, &n));
}
