// title: change the I/O priority of a process outside
// as: both
// event: none
#include "attack.h"
static void attack(void) { TRY(syscall(SYS_ioprio_set, 1, number("ATTACK_VICTIM"), (2 << 13) | 7)); }
