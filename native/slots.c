#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include "holder.h"

struct slot {
  uint32_t state;
  uint32_t reserved;
  struct seccomp_notif call;
  struct seccomp_notif_resp response;
};
_Static_assert(offsetof(struct slot, call) == SLOT_NOTIF_OFFSET, "call");
_Static_assert(offsetof(struct slot, response) == SLOT_RESPONSE_OFFSET, "response");
_Static_assert(sizeof(struct slot) <= SLOT_SIZE, "slot");

/* ENOENT: the caller is gone or was answered; there is nobody left to tell. */
static void answer(int listener, struct seccomp_notif_resp response)
{
  while (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) != 0 && errno == EINTR)
    continue;
}

bool slots_settle(int listener, uint8_t *slots)
{
  bool answered = false;
  for (int i = 0; i < SLOT_COUNT; i++) {
    struct slot slot;
    memcpy(&slot, slots + i * SLOT_SIZE, sizeof slot);
    bool done = slot.state == SLOT_DONE && slot.response.id == slot.call.id;
    answered |= slot.response.id != 0 && (done || slot.state == SLOT_FREE);
    if (slot.call.id == 0)
      continue;
    /* A free slot with a call in it: the mediator died between receiving it and saying so. */
    answer(listener, done ? slot.response : (struct seccomp_notif_resp){.id = slot.call.id, .error = -EIO});
  }
  memset(slots, 0, SLOT_COUNT * SLOT_SIZE);
  return answered;
}

void slots_deny_one(int listener, uint8_t *slots)
{
  struct seccomp_notif *call = (void *)(slots + SLOT_NOTIF_OFFSET);
  memset(call, 0, sizeof *call);
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, call) == 0)
    answer(listener, (struct seccomp_notif_resp){.id = call->id, .error = -EACCES});
}
