// title: set the clock
// as: root
// event: syscall/clock_adjtime broker
#include "attack.h"
#include <time.h>
#include <sys/timex.h>
static void attack(void) {
  struct timex t = {.modes = ADJ_TICK};
  struct timex now = {0};
  STEP(adjtimex(&now));
  t.tick = now.tick;
  TRY(adjtimex(&t));
}
