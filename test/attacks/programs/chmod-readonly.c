// title: chmod a file granted for reading
// as: both
// event: name/attributes broker
#include "attack.h"
static void attack(void) { TRY(chmod(in_scratch("readonly/file"), 0640)); }
