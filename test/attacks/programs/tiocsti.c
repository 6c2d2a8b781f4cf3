// title: push a key into the terminal
// as: root
// event: syscall/ioctl(TIOCSTI) broker
#include "attack.h"
static void attack(void) {
  int m = NEED(posix_openpt(O_RDWR | O_NOCTTY));
  NEED(grantpt(m)); NEED(unlockpt(m));
  int s = NEED(open(ptsname(m), O_RDWR | O_NOCTTY));
  TRY(ioctl(s, TIOCSTI, "x"));
}
