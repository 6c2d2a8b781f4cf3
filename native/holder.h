#ifndef HOLDER_H
#define HOLDER_H
#include "launcher.h"

/* --- holder.c: a small process outside the domain that keeps the listener, so that mediators may come and go --- */

struct handover;

/* Clones the holder, which shares this process's descriptors until that executes or ends. `events` may be -1. */
struct handover *holder_start(const struct plan *plan, int events);

/* What the holder removes when the domain has ended. */
struct cgroup *holder_cgroup(struct handover *handover);

/* Gives it the listener (or NO_LISTENER), without a system call. */
void holder_give(struct handover *handover, int listener);

/* --- mediator.c, slots.c: for the holder --- */

/* Descriptors that the holder keeps. */
struct holdings {
  int listener;
  int launcher; /* pidfd of the launcher, which becomes the daemon */
  int slots;
  int plan;
  int events;
  int silence; /* /dev/null */
};

/* Starts `node dist/mediator.js`; returns its pidfd or -1. */
int mediator_start(const struct holdings *own);

/* Takes the status of one that ended, and closes its pidfd. */
void mediator_reap(int mediator);

/* Gives it time to end by itself, then kills it. -1 is none. */
void mediator_end(int mediator);

/* Answers what a dead mediator left: the recorded response of each call that is done, EIO for the others. Clears the slots.
   Returns whether that mediator had answered any call. */
bool slots_settle(int listener, uint8_t *slots);

/* Receives one call and answers it with EACCES. */
void slots_deny_one(int listener, uint8_t *slots);

#endif
