// title: open O_PATH, reopen for writing through /proc/self/fd
// as: both
// event: name/write kernel
#include "attack.h"
static void attack(void) {
  int fd = NEED(open(in_scratch("readonly/file"), O_PATH));
  char magic[64];
  snprintf(magic, sizeof magic, "/proc/self/fd/%d", fd);
  TRY(open(magic, O_WRONLY));
}
