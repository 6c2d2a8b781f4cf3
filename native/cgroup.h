/* The cgroup below the domain's anchor, under whose programs the daemon's sockets are born. */
#ifndef CGROUP_H
#define CGROUP_H
#include "plan.h"

struct cgroup {
  int anchor;    /* -1 where the plan has no cgroup layer, and until it is opened */
  int directory; /* of the child; -1 likewise */
  char name[24]; /* of the child: the daemon's process id */
};

/* Makes the child, verifies that every program of the plan holds there, and moves this process into it. Does nothing where
   the plan has no cgroup layer. `cgroup` is filled before each effect, so that whoever shares it can clean up at any time. */
void cgroup_enter(const struct plan *plan, struct cgroup *cgroup);

/* Removes the child as soon as nobody lives in it. */
void cgroup_remove(const struct cgroup *cgroup);

#endif
