// title: make a file in memory, and map it as code
// as: both
// event: memory/use broker
// policy: server
#include "written-code.h"
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8
#endif
static void attack(void) {
  int fd = STEP(memfd_create("code", MFD_NOEXEC_SEAL));
  STEP(write(fd, written_code, sizeof written_code));
  run_written(mapped(mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), "mmap"));
}
