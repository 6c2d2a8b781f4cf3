// title: run code that a child writes into shared executable memory
// as: both
// event: memory/use broker
#include "written-code.h"
static void attack(void) {
  void *at = mapped(mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
                    "mmap");
  pid_t child = (pid_t)NEED(fork());
  if (child == 0) {
    if (mprotect(at, PAGE, PROT_READ | PROT_WRITE) != 0) _exit(1);
    memcpy(at, written_code, sizeof written_code);
    _exit(0);
  }
  int status;
  NEED(waitpid(child, &status, 0));
  if (status != 0) refused("mprotect in the child");
  run_written(at);
}
