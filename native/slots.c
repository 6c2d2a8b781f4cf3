#include <sys/ioctl.h>

#include "holder.h"
#include "slots.h"

#define for_each_slot(slot, slots)                                \
  for (const struct slot *slot = (const void *)(slots);           \
       (const uint8_t *)slot < (slots) + SLOT_COUNT * SLOT_SIZE;  \
       slot = (const void *)((const uint8_t *)slot + SLOT_SIZE))

/* ENOENT means that the caller is gone, EINPROGRESS that it was answered already. */
static void answer(int listener, uint64_t id, int error)
{
  struct seccomp_notif_resp response = {.id = id, .error = -error};
  while (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) != 0 && errno == EINTR)
    continue;
}

bool slots_answered(const uint8_t *slots)
{
  static uint64_t before;
  uint64_t sum = 0; /* ids of calls only grow, and a response stays until the next one */
  for_each_slot(slot, slots)
    sum += slot->response.id;
  bool more = sum != before;
  before = sum;
  return more;
}

bool slots_stranded(int listener, const uint8_t *slots)
{
  for_each_slot(slot, slots) {
    uint64_t id = slot->call.id;
    if (slot->state == SLOT_OVER)
      return true; /* its outcome still has to be reported */
    if (slot->state == SLOT_HELD)
      continue; /* the holder itself works on it */
    if (id != 0 && ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0)
      return true;
  }
  return false;
}

void slots_refuse(int listener, uint8_t *slots)
{
  for_each_slot(slot, slots) {
    if (slot->state == SLOT_HELD)
      continue;
    if (slot->call.id != 0)
      answer(listener, slot->call.id, EIO);
    memset((void *)slot, 0, sizeof *slot); /* the space after it is the mediators' */
  }
  struct pollfd asked = {.fd = listener, .events = POLLIN};
  struct seccomp_notif call = {0};
  if (poll(&asked, 1, 0) == 1 && ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0)
    answer(listener, call.id, EACCES);
}
