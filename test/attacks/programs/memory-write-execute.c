// title: run code in memory that is writable and executable
// as: both
// event: memory/use broker
#include "written-code.h"
static void attack(void) {
  void *at = mapped(mmap(0, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                         -1, 0), "mmap");
  memcpy(at, written_code, sizeof written_code);
  run_written(at);
}
