// title: make a set-user-id program by openat2, whose mode no filter sees
// as: both
// event: syscall/create with set-id bits broker
#include "attack.h"
#include <linux/openat2.h>
static void attack(void) {
  struct stat s;
  struct open_how how = {.flags = O_CREAT | O_EXCL | O_RDWR, .mode = 04755};
  int fd = STEP(syscall(SYS_openat2, AT_FDCWD, in_scratch("granted/born-setuid2"), &how,
      sizeof how));
  NEED(fstat(fd, &s));
  if (s.st_mode & S_ISUID) succeeded("a set-user-id file was made");
  refused("the bit is gone");
}
