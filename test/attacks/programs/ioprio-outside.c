// title: change the I/O priority of a process outside
// as: both
// event: syscall/ioprio_set broker
#include "attack.h"
static void attack(void) {
  TRY(syscall(SYS_ioprio_set, 1, number("ATTACK_VICTIM"), (2 << 13) | 7));
}
