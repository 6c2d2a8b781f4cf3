// title: run code in memory that is made executable afterwards
// as: both
// event: memory/use broker
#include "written-code.h"
static void attack(void) {
  void *at = mapped(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                    "mmap");
  memcpy(at, written_code, sizeof written_code);
  STEP(mprotect(at, PAGE, PROT_READ | PROT_EXEC));
  run_written(at);
}
