// title: ioctl on a device granted for reading only
// as: both
// event: name/ioctl kernel
#include "attack.h"
static void attack(void) {
  int fd = NEED(open(setting("ATTACK_DEVICE"), O_RDONLY)), n = 0;
  TRY(ioctl(fd, 0x80045200 /* RNDGETENTCNT */, &n));
}
