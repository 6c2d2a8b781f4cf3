#include "launcher.h"

/* In bytes. Smaller than any core file, so the kernel writes none. It is also the only limit at
   which the kernel does not start the program of a core_pattern with a pipe; at 0 it would
   (coredump_pipe() in fs/coredump.c). */
#define CORE_BYTES_NONE 1

static bool leave_no_core(void)
{
  const struct rlimit none = {CORE_BYTES_NONE, CORE_BYTES_NONE}, least = {0, 0};
  /* Only CAP_SYS_RESOURCE can raise a hard limit of 0. */
  return setrlimit(RLIMIT_CORE, &none) == 0 || setrlimit(RLIMIT_CORE, &least) == 0;
}

void core_limit(const struct plan *plan)
{
  const char *step = "limit core files to one byte";
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  if (plan_has(plan, PLAN_CORE_DUMPS))
    return;
  need(leave_no_core(), step, NULL, NULL);
  if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max > CORE_BYTES_NONE)
    refuse(step, NULL, 0, "a seccomp filter of the caller seems to interfere");
}
