// title: run code written through another mapping of one memfd
// as: both
// event: memory/use broker
#include "written-code.h"
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8
#endif
static void attack(void) {
  int fd = STEP(memfd_create("jit", MFD_NOEXEC_SEAL));
  STEP(ftruncate(fd, PAGE));
  void *written = mapped(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), "mmap");
  void *run = mapped(mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0), "mmap");
  memcpy(written, written_code, sizeof written_code);
  run_written(run);
}
