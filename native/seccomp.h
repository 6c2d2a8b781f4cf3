#ifndef SECCOMP_H
#define SECCOMP_H
#include "plan.h"

/* Installs the plan's filter for ever; returns the listener, or -1 when the plan has none. */
int seccomp_install(const struct plan *plan);

#endif
