// title: open a descriptor of a process outside through /proc
// as: both
// event: none
#include "attack.h"
static void attack(void) {
  char p[64];
  snprintf(p, sizeof p, "/proc/%ld/fd/%ld", number("ATTACK_VICTIM"), number("ATTACK_VICTIM_FD"));
  TRY(open(p, O_RDONLY));
}
