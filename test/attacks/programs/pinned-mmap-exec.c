// title: OPEN ON PURPOSE: map a readable file executable
// as: both
// event: pinned
#include "attack.h"
static void attack(void) {
  int fd = NEED(open(in_scratch("readonly/file"), O_RDONLY));
  if (mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED) refused("mmap");
  succeeded("mapped executable");
}
