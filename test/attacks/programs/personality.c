// title: switch address randomisation off
// as: both
// event: none
#include "attack.h"
#include <sys/personality.h>
static void attack(void) { TRY(personality(ADDR_NO_RANDOMIZE)); }
