#ifndef COMPILE_H
#define COMPILE_H
#include "options.h"
#include "plan.h"

/* The ready plan of `options`; compiled once when there is none or it is not valid, and refused when that does not help. */
struct plan plan_obtain(const struct options *options, const char *directory, const char *name);

#endif
