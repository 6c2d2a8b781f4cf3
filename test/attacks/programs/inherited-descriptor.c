// title: read a secret through a descriptor left open by the starter
// as: both
// event: none
#include "attack.h"
static void attack(void) {
  char b[4];
  TRY(read((int)number("ATTACK_INHERITED_FD"), b, sizeof b));
}
