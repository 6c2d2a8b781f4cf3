/* One call in flight, in the memory that the holder and mediators share (src/plan/slots.ts). */
#ifndef SLOTS_H
#define SLOTS_H
#include <linux/seccomp.h>

#include "plan-layout.h"

struct slot {
  _Atomic uint32_t state;
  uint32_t hands; /* for mediators only */
  struct seccomp_notif call;
  struct seccomp_notif_resp response;
};
_Static_assert(offsetof(struct slot, hands) == SLOT_HANDS_OFFSET, "hands");
_Static_assert(offsetof(struct slot, call) == SLOT_NOTIF_OFFSET, "call");
_Static_assert(offsetof(struct slot, response) == SLOT_RESPONSE_OFFSET, "response");
_Static_assert(sizeof(struct slot) <= SLOT_SIZE, "slot");

static inline struct slot *slot_at(uint8_t *slots, int index)
{
  return (struct slot *)(void *)(slots + index * SLOT_SIZE);
}

#endif
