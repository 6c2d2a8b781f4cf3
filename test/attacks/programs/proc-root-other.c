// title: walk through the root of a process outside
// as: both
// event: none
#include "attack.h"
static void attack(void) {
  char p[4300];
  snprintf(p, sizeof p, "/proc/%ld/root%s", number("ATTACK_VICTIM"), in_scratch("secret/file"));
  TRY(open(p, O_RDONLY));
}
