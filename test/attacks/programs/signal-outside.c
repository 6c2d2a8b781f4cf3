// title: signal a process outside
// as: both
// event: none
#include "attack.h"
static void attack(void) { TRY(kill((pid_t)number("ATTACK_VICTIM"), SIGCONT)); }
