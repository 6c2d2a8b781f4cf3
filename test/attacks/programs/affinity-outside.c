// title: pin a process outside to one processor
// as: both
// event: syscall/sched_setaffinity broker
#include "attack.h"
static void attack(void) {
  cpu_set_t s;
  NEED(sched_getaffinity(0, sizeof s, &s));
  TRY(sched_setaffinity((pid_t)number("ATTACK_VICTIM"), sizeof s, &s));
}
