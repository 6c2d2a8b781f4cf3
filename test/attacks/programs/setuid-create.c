// title: make a set-user-id program by open
// as: both
// event: syscall/create with set-id bits broker
#include "attack.h"
static void attack(void) {
  struct stat s;
  int fd = STEP(open(in_scratch("granted/born-setuid"), O_CREAT | O_EXCL | O_RDWR, 04755));
  NEED(fstat(fd, &s));
  if (s.st_mode & S_ISUID) succeeded("a set-user-id file was made");
  refused("the bit is gone");
}
