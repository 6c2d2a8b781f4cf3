// title: truncate the event log
// as: both
// event: name/write kernel
#include "attack.h"
static void attack(void) { TRY(truncate(setting("ATTACK_LOG"), 0)); }
