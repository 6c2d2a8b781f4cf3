/* The holder: a small process outside the domain that keeps the listener, so that mediators may come and go. */
#ifndef HOLDER_H
#define HOLDER_H
#include <stdatomic.h>

#include "cgroup.h"
#include "plan.h"

/* What launcher and holder share until the daemon runs. */
struct handover {
  _Atomic int ready;    /* the holder runs: 1 */
  _Atomic int listener; /* HANDOVER_WAITING, HANDOVER_NO_LISTENER or the listener's number in the shared table */
  _Atomic int held;     /* the holder has it in a table of its own: 1; could not: -errno */
  struct cgroup cgroup;
};
enum { HANDOVER_WAITING = -2, HANDOVER_NO_LISTENER = -1 };

/* Descriptors that the holder keeps. */
struct holdings {
  int launcher; /* pidfd of the launcher, which becomes the daemon */
  int slots;
  int plan;
  int events;
  int silence; /* /dev/null */
};

/* Clones the holder, which shares this process's descriptors until it takes the listener. `events` may be -1. */
struct handover *holder_start(const struct plan *plan, int events);

/* Gives it the listener (or -1) without a system call, and returns when it is held; refuses the start otherwise. */
void holder_give(struct handover *handover, int listener);

#endif
