#include "launcher.h"

/* Bytes. Below the smallest core file, so that the kernel writes none; and the one limit at which
   it starts no program of a core_pattern with a pipe either, as it would at 0 (coredump_pipe() in
   fs/coredump.c). */
#define CORE_BYTES_NONE 1

void core_limit(const struct plan *plan)
{
  const char *step = "take the limit of core files away";
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  if (plan_has(plan, PLAN_CORE_DUMPS))
    return;
  need(getrlimit(RLIMIT_CORE, &limit) == 0, step, NULL, NULL);
  /* Who was started with a hard limit of 0 may not have more. */
  if (limit.rlim_max > CORE_BYTES_NONE)
    limit.rlim_max = CORE_BYTES_NONE;
  limit.rlim_cur = limit.rlim_max;
  need(setrlimit(RLIMIT_CORE, &limit) == 0, step, NULL, NULL);
  limit = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
  if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max > CORE_BYTES_NONE)
    refuse(step, NULL, 0, "a filter of the caller's seems to interfere");
}
