// title: have the kernel write a file where no grant reaches, by a crash there
// as: both
// event: syscall/prlimit64 broker
#include "attack.h"
#include <sys/resource.h>
static void attack(void) {
  struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
  int status;
  pid_t child = NEED(fork());
  if (child == 0) {
    prlimit(0, RLIMIT_CORE, &any, NULL);
    if (chdir(in_scratch("secret")) == 0) abort();
    _exit(CANNOT_TRY);
  }
  NEED(waitpid(child, &status, 0));
  if (WIFSIGNALED(status) && WCOREDUMP(status))
    succeeded("a core file in a folder without a grant");
  if (!WIFSIGNALED(status)) cannot_try("chdir");
  errno = EPERM;
  refused("core dump");
}
