// title: append a grant to the own policy
// as: both
// event: name/write kernel
#include "attack.h"
static void attack(void) { TRY(open(setting("ATTACK_POLICY"), O_WRONLY | O_APPEND)); }
