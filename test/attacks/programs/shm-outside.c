// title: attach a shared memory segment of a process outside
// as: both
// event: syscall/shmat broker
#include "attack.h"
#include <sys/shm.h>
static void attack(void) {
  if (shmat((int)number("ATTACK_SHM"), 0, 0) == (void *)-1) refused("shmat");
  succeeded("attached");
}
