// title: take a lease on a read-only file, so that writers outside have to wait
// as: both
// event: pinned
#include "attack.h"
static void attack(void) {
  int fd = NEED(open(in_scratch("readonly/file"), O_RDONLY));
  TRY(fcntl(fd, F_SETLEASE, F_RDLCK));
}
