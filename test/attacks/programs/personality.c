// title: switch address randomisation off
// as: both
// event: syscall/personality(ADDR_NO_RANDOMIZE) broker
#include "attack.h"
#include <sys/personality.h>
static void attack(void) { TRY(personality(ADDR_NO_RANDOMIZE)); }
