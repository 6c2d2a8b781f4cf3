// title: enter a namespace of a process outside
// as: root
// event: none
#include "attack.h"
static void attack(void) {
  char p[64];
  snprintf(p, sizeof p, "/proc/%ld/ns/uts", number("ATTACK_VICTIM"));
  TRY(setns(STEP(open(p, O_RDONLY)), 0));
}
