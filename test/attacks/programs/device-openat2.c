// title: ioctl on a device granted for reading only, opened by openat2, which the broker does
// as: both
// event: none
#include "attack.h"
#include <linux/openat2.h>
static void attack(void) {
  struct open_how how = {.flags = O_RDONLY};
  int fd = STEP(syscall(SYS_openat2, AT_FDCWD, setting("ATTACK_DEVICE"), &how, sizeof how)), n = 0;
  TRY(ioctl(fd, 0x80045200 /* RNDGETENTCNT */, &n));
}
