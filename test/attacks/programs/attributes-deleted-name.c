// title: change the mode of a file whose name looks as if it were removed
// as: both
// policy: server
// event: syscall/chmod broker
#include "attack.h"
static void attack(void) {
  NEED(open(in_scratch("plain/name (deleted)"), O_CREAT | O_EXCL | O_RDWR, 0600));
  TRY(chmod(in_scratch("plain/name (deleted)"), 0777));
}
