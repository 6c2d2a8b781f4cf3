// title: call the kernel through the 32-bit entry
// as: both
// event: syscall/number 20 of architecture 0x40000003 broker
#include "attack.h"
static void attack(void) {
  int r;
  __asm__ volatile("int $0x80" : "=a"(r) : "a"(20 /* getpid */) : "memory");
  errno = r < 0 ? -r : 0;
  if (r == getpid()) succeeded("getpid through int 0x80");
  refused("int 0x80");
}
