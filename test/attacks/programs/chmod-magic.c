// title: chmod an O_PATH descriptor through /proc/self/fd
// as: both
// event: name/attributes broker
#include "attack.h"
static void attack(void) {
  int fd = NEED(open(in_scratch("readonly/file"), O_PATH));
  char magic[64];
  snprintf(magic, sizeof magic, "/proc/self/fd/%d", fd);
  TRY(chmod(magic, 0644));
}
