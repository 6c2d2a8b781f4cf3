// title: write own read-only memory through /proc/self/mem
// as: both
// event: name/write kernel
#include "attack.h"
static const char constant[] = "read-only";
static void attack(void) {
  int fd = STEP(open("/proc/self/mem", O_RDWR));
  TRY(pwrite(fd, "x", 1, (off_t)(uintptr_t)constant));
}
