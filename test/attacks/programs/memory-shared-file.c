// title: run code written through another mapping of one file
// as: both
// event: memory/use broker
#include "written-code.h"
static void attack(void) {
  int fd = NEED(open(in_scratch("granted/code"), O_RDWR | O_CREAT | O_TRUNC, 0600));
  NEED(ftruncate(fd, PAGE));
  void *written = mapped(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), "mmap");
  void *run = mapped(mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0), "mmap");
  memcpy(written, written_code, sizeof written_code);
  run_written(run);
}
