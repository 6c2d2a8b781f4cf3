/* Who the daemon runs as, and what it may ever become. */
#ifndef IDENTITY_H
#define IDENTITY_H
#include "plan.h"

/* Bounding set, groups, gid, uid, capabilities, no_new_privs, in the order in which each still has the privilege it needs. */
void identity_assume(const struct plan *plan);

/* A System V and POSIX message queue namespace of its own, where the plan asks for one. */
void identity_private_ipc(const struct plan *plan);

#endif
