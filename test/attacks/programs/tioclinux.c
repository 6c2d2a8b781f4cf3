// title: paste into a virtual console by TIOCLINUX
// as: root
// event: syscall/ioctl(TIOCLINUX) broker
#include "attack.h"
static void attack(void) {
  char sub = 6; /* TIOCL_GETSHIFTSTATE */
  int s = NEED(open("/dev/tty0", O_RDWR | O_NOCTTY));
  TRY(ioctl(s, TIOCLINUX, &sub));
}
