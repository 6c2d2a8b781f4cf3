// title: open a performance counter
// as: root
// event: syscall/perf_event_open broker
#include "attack.h"
static void attack(void) {
  struct { uint32_t type, size; uint64_t config; char rest[112]; } a = {.type = 1, .size = 128};
  TRY(syscall(SYS_perf_event_open, &a, 0, -1, -1, 0));
}
