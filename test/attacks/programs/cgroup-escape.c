// title: move to another cgroup, out of its address rules
// as: root
// event: name/write kernel
#include "attack.h"
static void attack(void) {
  char p[4200];
  snprintf(p, sizeof p, "%s/cgroup.procs", setting("ATTACK_CGROUP"));
  TRY(write(STEP(open(p, O_WRONLY)), "0", 1));
}
