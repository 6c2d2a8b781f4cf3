#ifndef LANDLOCK_H
#define LANDLOCK_H
#include "plan.h"

/* Makes the plan's ruleset, opening each path; returns its descriptor. */
int landlock_build(const struct plan *plan);

/* Confines this thread by it for ever, then makes sure that the plan itself cannot be written any more. */
void landlock_enter(const struct plan *plan, int ruleset, const char *plan_path);

#endif
