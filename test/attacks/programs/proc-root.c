// title: reach a secret through /proc/self/root
// as: both
// event: name/read kernel
#include "attack.h"
static void attack(void) {
  char p[4200];
  snprintf(p, sizeof p, "/proc/self/root%s", in_scratch("secret/file"));
  TRY(open(p, O_RDONLY));
}
