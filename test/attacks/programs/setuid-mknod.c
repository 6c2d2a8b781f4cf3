// title: make a set-user-id program by mknod
// as: both
// policy: server
// event: syscall/create with set-id bits broker
#include "attack.h"
static void attack(void) {
  struct stat s;
  STEP(mknod(in_scratch("plain/node-setuid"), S_IFREG | 04755, 0));
  NEED(stat(in_scratch("plain/node-setuid"), &s));
  if (s.st_mode & S_ISUID) succeeded("a set-user-id file was made");
  refused("the bit is gone");
}
