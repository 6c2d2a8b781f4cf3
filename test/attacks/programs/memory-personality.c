// title: run written code under the personality in which readable memory is executable
// as: both
// event: syscall/personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC) broker
#include "written-code.h"
#include <sys/personality.h>
static void attack(void) {
  int fd = NEED(open(in_scratch("granted/code"), O_RDWR | O_CREAT | O_TRUNC, 0600));
  NEED(write(fd, written_code, sizeof written_code));
  STEP(personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC));
  run_written(mapped(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), "mmap"));
}
