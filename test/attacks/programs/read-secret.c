// title: read a file that no grant names
// as: both
// event: name/read kernel
#include "attack.h"
static void attack(void) { TRY(open(in_scratch("secret/file"), O_RDONLY)); }
