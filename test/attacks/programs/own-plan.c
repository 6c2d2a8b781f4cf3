// title: write to a ready plan
// as: both
// event: name/write kernel
#include "attack.h"
static void attack(void) { TRY(open(setting("ATTACK_PLAN"), O_WRONLY)); }
