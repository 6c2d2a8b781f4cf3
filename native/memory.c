#include "launcher.h"

#define STEP "keep memory from becoming executable"

/* The filter refuses the same by registers; this holds beneath it. */
void memory_fix(const struct plan *plan)
{
  if (!plan_has(plan, PLAN_NO_NEW_CODE))
    return;
  need(prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0, STEP, "PR_SET_MDWE",
       "Linux 6.3 or newer is needed");
  if (prctl(PR_GET_MDWE, 0, 0, 0, 0) != PR_MDWE_REFUSE_EXEC_GAIN)
    refuse(STEP, NULL, 0, "a seccomp filter of the caller seems to interfere");
}
