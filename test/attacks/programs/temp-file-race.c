// title: replace another daemon's temporary file by a link (the original's lifecycle break-out)
// as: both
// event: name/delete broker
#include "attack.h"
static void attack(void) {
  STEP(unlink(in_scratch("secret/tmp.download")));
  TRY(symlink("/etc/passwd", in_scratch("secret/tmp.download")));
}
