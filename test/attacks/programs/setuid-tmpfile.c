// title: make a nameless set-user-id file and give it a name
// as: both
// policy: server
// event: syscall/create with set-id bits broker
#include "attack.h"
static void attack(void) {
  char magic[64];
  struct stat s;
  int fd = STEP(open(in_scratch("plain"), O_TMPFILE | O_RDWR, 04755));
  snprintf(magic, sizeof magic, "/proc/self/fd/%d", fd);
  STEP(linkat(AT_FDCWD, magic, AT_FDCWD, in_scratch("plain/named-setuid"), AT_SYMLINK_FOLLOW));
  NEED(stat(in_scratch("plain/named-setuid"), &s));
  if (s.st_mode & S_ISUID) succeeded("a set-user-id file was made");
  refused("the bit is gone");
}
