// title: chown a file granted for reading
// as: both
// event: name/attributes broker
#include "attack.h"
static void attack(void) { TRY(chown(in_scratch("readonly/file"), geteuid(), getegid())); }
