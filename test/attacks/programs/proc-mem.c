// title: read the memory of a process outside
// as: both
// event: none
#include "attack.h"
static void attack(void) {
  char p[64];
  snprintf(p, sizeof p, "/proc/%ld/mem", number("ATTACK_VICTIM"));
  TRY(open(p, O_RDONLY));
}
