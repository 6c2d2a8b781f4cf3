// Waits for a writer, and says before that it will.
#include "../programs/attack.h"
static void attack(void) {
  NEED(mkdir(in_scratch("granted/fifo.asked"), 0700));
  TRY(open(in_scratch("granted/fifo"), O_RDONLY));
}
