// title: write into the code of a child by ptrace
// as: both
// event: memory/use broker
#include "written-code.h"
#include <sys/ptrace.h>
static void __attribute__((noinline)) target(void) {
  __asm__ volatile("nop;nop;nop;nop;nop;nop;nop;nop");
}
static void attack(void) {
  pid_t child = (pid_t)NEED(fork());
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) _exit(1);
    raise(SIGSTOP);
    _exit(0);
  }
  int status;
  NEED(waitpid(child, &status, 0));
  if (!WIFSTOPPED(status)) refused("PTRACE_TRACEME");
  long word;
  memcpy(&word, written_code, sizeof word - 2);
  long result = ptrace(PTRACE_POKETEXT, child, (void *)target, (void *)word);
  int error = errno;
  kill(child, SIGKILL);
  errno = error;
  if (result != 0) refused("PTRACE_POKETEXT");
  succeeded("the child has other code");
}
