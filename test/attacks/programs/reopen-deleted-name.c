// title: reopen a file whose name looks like that of a granted one that was removed
// as: both
// event: name/read kernel
#include "attack.h"
static void attack(void) {
  int fd = NEED(open(in_scratch("exact/pid (deleted)"), O_PATH));
  char magic[64];
  snprintf(magic, sizeof magic, "/proc/self/fd/%d", fd);
  TRY(open(magic, O_RDONLY));
}
