// title: set up an io_uring
// as: both
// event: syscall/io_uring_setup broker
#include "attack.h"
static void attack(void) {
  char params[256] = {0};
  TRY(syscall(SYS_io_uring_setup, 4, params));
}
