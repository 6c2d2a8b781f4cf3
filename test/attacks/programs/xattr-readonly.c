// title: set an extended attribute of a file granted for reading
// as: both
// event: name/attributes broker
#include "attack.h"
#include <sys/xattr.h>
static void attack(void) { TRY(setxattr(in_scratch("readonly/file"), "user.attack", "x", 1, 0)); }
