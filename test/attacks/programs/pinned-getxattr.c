// title: read an extended attribute of a directory without a grant
// as: both
// event: pinned
#include "attack.h"
#include <sys/xattr.h>
static void attack(void) {
  char value[64];
  TRY(getxattr(setting("ATTACK_SCRATCH"), "user.note", value, sizeof value));
}
