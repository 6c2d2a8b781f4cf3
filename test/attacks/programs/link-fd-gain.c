// title: hard link an O_PATH descriptor of a read-only file into a writable directory
// as: both
// event: syscall/linkat broker
#include "attack.h"
static void attack(void) {
  int fd = NEED(open(in_scratch("readonly/file"), O_PATH));
  char magic[64];
  snprintf(magic, sizeof magic, "/proc/self/fd/%d", fd);
  TRY(linkat(AT_FDCWD, magic, AT_FDCWD, in_scratch("granted/linked2"), AT_SYMLINK_FOLLOW));
}
