#ifndef FACTS_H
#define FACTS_H
#include "plan.h"
#include "report.h"

/* Whether everything that the compiler relied on is still so. False with `problem` filled: the plan is stale. */
bool facts_hold(const struct plan *plan, struct problem *problem);

/* A capability set of this thread as a 64-bit mask; refuses the start when the kernel does not tell. */
struct capability_sets {
  uint64_t effective, permitted, inheritable;
};
struct capability_sets capabilities_now(void);

#endif
