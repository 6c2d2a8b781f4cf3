// title: lower the priority of a process outside
// as: both
// event: syscall/setpriority broker
#include "attack.h"
#include <sys/resource.h>
static void attack(void) { TRY(setpriority(PRIO_PROCESS, (id_t)number("ATTACK_VICTIM"), 5)); }
