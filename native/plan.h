/* A plan in memory: bytes that were checked once and are never written again. */
#ifndef PLAN_H
#define PLAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan-layout.h"

struct plan {
  const uint8_t *bytes;
  size_t length;
  const struct plan_head *head;
  struct {
    const void *at;
    size_t count; /* records */
  } section[SECTION_COUNT];
};

/* Checks every bound, so that nothing behind it has to. Returns NULL, or what is wrong. */
const char *plan_check(struct plan *plan);

/* The string at an offset that plan_check has seen. */
const char *plan_string(const struct plan *plan, uint32_t offset);

static inline bool plan_has(const struct plan *plan, uint32_t flag)
{
  return (plan->head->flags & flag) != 0;
}

#define plan_records(plan, section_number, type) ((const struct type *)(plan)->section[section_number].at)

#endif
