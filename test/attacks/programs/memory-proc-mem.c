// title: write code through /proc/self/mem, which the policy grants
// as: both
// event: name/write kernel
// policy: server
#include "written-code.h"
static void attack(void) {
  void *at = mapped(mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                    "mmap");
  int fd = STEP(open("/proc/self/mem", O_RDWR));
  STEP(pwrite(fd, written_code, sizeof written_code, (off_t)(uintptr_t)at));
  run_written(at);
}
