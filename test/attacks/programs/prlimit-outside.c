// title: change the limits of a process outside
// as: both
// event: syscall/prlimit64 broker
#include "attack.h"
#include <sys/resource.h>
static void attack(void) {
  struct rlimit l = {64, 64};
  TRY(prlimit((pid_t)number("ATTACK_VICTIM"), RLIMIT_CORE, &l, 0));
}
