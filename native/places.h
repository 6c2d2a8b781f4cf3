/* Where plans and the event log lie; the table is in ARCHITECTURE.md. */
#ifndef PLACES_H
#define PLACES_H
#include "options.h"

/* Absolute folder of ready plans. */
const char *places_plans(void);

/* Absolute path of the event log's folder. */
const char *places_events(void);

/* `DOMAIN-KEY.plan`. */
const char *places_plan_name(const struct options *options);

#endif
