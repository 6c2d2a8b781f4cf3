// title: fchmod through a descriptor opened for reading
// as: both
// event: name/attributes broker
#include "attack.h"
static void attack(void) {
  int fd = NEED(open(in_scratch("readonly/file"), O_RDONLY));
  TRY(fchmod(fd, 0604));
}
