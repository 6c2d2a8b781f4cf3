// title: change a semaphore of a process outside
// as: both
// event: syscall/semtimedop broker
#include "attack.h"
#include <sys/sem.h>
static void attack(void) {
  struct sembuf op = {0, 1, 0};
  TRY(semop((int)number("ATTACK_SEM"), &op, 1));
}
