// title: follow an own symbolic link to a secret
// as: both
// event: name/read kernel
#include "attack.h"
static void attack(void) {
  unlink(in_scratch("granted/lnk"));
  NEED(symlink(in_scratch("secret/file"), in_scratch("granted/lnk")));
  TRY(open(in_scratch("granted/lnk"), O_RDONLY));
}
