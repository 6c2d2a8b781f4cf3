// title: call the kernel through the x32 table
// as: both
// event: none
#include "attack.h"
static void attack(void) {
  long r = syscall(0x40000000 + SYS_getpid);
  if (r == getpid()) succeeded("getpid through x32");
  refused("x32");
}
