#ifndef CONFINE_H
#define CONFINE_H
#include "options.h"
#include "plan.h"

/* Applies the plan to this process, one step after the other, and becomes the daemon. */
_Noreturn void confine(const struct options *options, const struct plan *plan, const char *plan_path, const char *command);

#endif
