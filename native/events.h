#ifndef EVENTS_H
#define EVENTS_H
#include "options.h"
#include "plan.h"

/* Where the mediator writes events: the collector of `--events`, started and ready, else the event log. */
int events_open(const struct options *options, const char *plan_path);

#endif
