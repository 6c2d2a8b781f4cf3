// title: leave a whiteout device by RENAME_WHITEOUT
// as: root
// event: syscall/renameat2(RENAME_WHITEOUT) broker
#include "attack.h"
static void attack(void) {
  int fd = NEED(open(in_scratch("granted/w1"), O_CREAT | O_WRONLY, 0600));
  close(fd);
  TRY(syscall(SYS_renameat2, AT_FDCWD, in_scratch("granted/w1"), AT_FDCWD, in_scratch("granted/w2"),
      4 /* RENAME_WHITEOUT */));
}
