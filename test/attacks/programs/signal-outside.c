// title: signal a process outside
// as: both
// event: signal/signal kernel
#include "attack.h"
static void attack(void) { TRY(kill((pid_t)number("ATTACK_VICTIM"), SIGCONT)); }
