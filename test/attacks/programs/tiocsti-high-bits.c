// title: push a key with bits set above the low 32 of the request
// as: root
// event: syscall/ioctl(TIOCSTI) broker
#include "attack.h"
static void attack(void) {
  int m = NEED(posix_openpt(O_RDWR | O_NOCTTY));
  NEED(grantpt(m)); NEED(unlockpt(m));
  int s = NEED(open(ptsname(m), O_RDWR | O_NOCTTY));
  TRY(syscall(SYS_ioctl, (long)s, (unsigned long)TIOCSTI + 0x100000000UL, "x"));
}
