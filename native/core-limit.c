#include "launcher.h"

/* Bytes. Below the smallest core file, so that the kernel writes none; and the one limit at which
   it starts no program of a core_pattern with a pipe either, as it would at 0 (coredump_pipe() in
   fs/coredump.c). */
#define CORE_BYTES_NONE 1

static bool leave_no_core(void)
{
  const struct rlimit none = {CORE_BYTES_NONE, CORE_BYTES_NONE}, least = {0, 0};
  /* A hard limit of 0 is raised by CAP_SYS_RESOURCE alone. */
  return setrlimit(RLIMIT_CORE, &none) == 0 || setrlimit(RLIMIT_CORE, &least) == 0;
}

void core_limit(const struct plan *plan)
{
  const char *step = "take the limit of core files away";
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  if (plan_has(plan, PLAN_CORE_DUMPS))
    return;
  need(leave_no_core(), step, NULL, NULL);
  if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max > CORE_BYTES_NONE)
    refuse(step, NULL, 0, "a filter of the caller's seems to interfere");
}
