// title: truncate(2) a file granted for reading
// as: both
// event: name/write kernel
#include "attack.h"
static void attack(void) { TRY(truncate(in_scratch("readonly/file"), 0)); }
