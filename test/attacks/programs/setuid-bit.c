// title: make a set-user-id program in a granted directory
// as: root
// event: syscall/set-id bits broker
#include "attack.h"
static void attack(void) {
  int fd = NEED(open(in_scratch("granted/suid"), O_CREAT | O_RDWR, 0700));
  TRY(fchmod(fd, 04755));
}
