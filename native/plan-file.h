#ifndef PLAN_FILE_H
#define PLAN_FILE_H
#include "plan.h"
#include "report.h"

/* Reads the plan `name` in `directory` to its end, checks its owner, form and facts. False with `problem` filled. */
bool plan_file_read(const char *directory, const char *name, struct plan *plan, struct problem *problem);

/* Gives the memory of a plan back; its records may not be used after it. */
void plan_forget(const struct plan *plan);

#endif
