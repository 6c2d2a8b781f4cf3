// title: set the times of a file granted for reading
// as: both
// event: name/attributes broker
#include "attack.h"
static void attack(void) { TRY(utimensat(AT_FDCWD, in_scratch("readonly/file"), 0, 0)); }
