#ifndef MEDIATOR_H
#define MEDIATOR_H
#include "holder.h"

/* Starts `node dist/mediator.js`; returns its pidfd or -1. */
int mediator_start(int listener, const struct holdings *own);

/* Takes the status of one that ended, and closes its pidfd. */
void mediator_reap(int mediator);

/* Gives it `limit` milliseconds to end by itself, then kills it. -1 is none. */
void mediator_end(int mediator, int limit);

#endif
