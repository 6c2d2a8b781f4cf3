// title: change the scheduler of a process outside
// as: both
// event: syscall/sched_setscheduler broker
#include "attack.h"
static void attack(void) {
  struct sched_param p = {0};
  TRY(sched_setscheduler((pid_t)number("ATTACK_VICTIM"), SCHED_BATCH, &p));
}
