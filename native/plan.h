#ifndef PLAN_H
#define PLAN_H
#include "plan-layout.h"

struct options;

/* --- plan.c: a plan's bytes, checked once and never written again --- */

struct plan {
  int memory; /* sealed memfd with the bytes, which the mediator gets */
  const uint8_t *bytes;
  size_t length;
  const struct plan_head *head;
  struct {
    const void *at;
    size_t count; /* records */
  } section[SECTION_COUNT];
};

/* Checks every bound, so that later code need not. Returns NULL, or what is wrong. */
const char *plan_check(struct plan *plan);

static inline const char *plan_string(const struct plan *plan, uint32_t offset)
{
  return (const char *)plan->section[SECTION_STRINGS].at + offset;
}

static inline bool plan_has(const struct plan *plan, uint32_t flag)
{
  return (plan->head->flags & flag) != 0;
}

#define plan_records(plan, section_number, type) \
  ((const struct type *)(plan)->section[section_number].at)

/* --- plan-file.c, facts.c, compile.c: from a file to a valid plan --- */

/* Whether only root and the user who starts the daemon can have written an open file of that
   type. */
bool trusted(int file, uint32_t type);

/* The arguments of report(). */
struct problem {
  const char *step, *object;
  int error;
  const char *help;
};

enum plan_age { PLAN_READY, PLAN_OF_THIS_START };

/* Reads the plan `name` in `directory`. Checks its owner, form and facts, and that it was made for
   `start`. False if it cannot be used. */
bool plan_file_read(const char *directory, const char *name, const char *start, enum plan_age age,
                    struct plan *plan, struct problem *problem);

/* Takes what the compiler has written into `plan->memory`, and checks its form. `name` is for
   messages. */
bool plan_memory_read(const char *name, struct plan *plan, struct problem *problem);

/* An empty memfd for a plan's bytes; refuses the start on failure. */
int plan_memory(void);

void plan_drop(struct plan *plan);

/* Why a plan's facts no longer hold, with the `object` that changed; NULL if they hold. */
const char *facts_stale(const struct plan *plan, const char *start, enum plan_age age,
                        const char **object);

/* The same for what the host lacked when a plan was made. */
const char *host_changed(const struct plan *plan, enum plan_age age, const char **object);

/* The ready plan, or a new one; `path` becomes that of its file. Refuses the start if neither can
   be had. */
struct plan plan_obtain(const struct options *options, const char **path);

/* Memory whose descriptors cannot be executed. -1 with errno. */
int memory_make(const char *name);

#endif
