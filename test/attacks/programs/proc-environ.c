// title: read the environment of a process outside
// as: both
// event: none
#include "attack.h"
static void attack(void) {
  char p[64], b[16];
  snprintf(p, sizeof p, "/proc/%ld/environ", number("ATTACK_VICTIM"));
  TRY(read(STEP(open(p, O_RDONLY)), b, sizeof b));
}
