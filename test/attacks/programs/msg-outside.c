// title: put a message into a queue of a process outside
// as: both
// event: syscall/msgsnd broker
#include "attack.h"
#include <sys/msg.h>
static void attack(void) {
  struct { long type; char text[1]; } m = {1, {'x'}};
  TRY(msgsnd((int)number("ATTACK_MSG"), &m, 1, IPC_NOWAIT));
}
