// title: write to a file granted for reading
// as: both
// event: name/write kernel
#include "attack.h"
static void attack(void) { TRY(open(in_scratch("readonly/file"), O_WRONLY)); }
