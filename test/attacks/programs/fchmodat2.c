// title: fchmodat2 with AT_EMPTY_PATH
// as: both
// event: name/attributes broker
#include "attack.h"
static void attack(void) {
  int fd = NEED(open(in_scratch("readonly/file"), O_RDONLY));
  TRY(syscall(452, fd, "", 0644, AT_EMPTY_PATH));
}
