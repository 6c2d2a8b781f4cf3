// title: open a POSIX message queue of a process outside
// as: both
// event: syscall/mq_open broker
#include "attack.h"
static void attack(void) {
  TRY(syscall(SYS_mq_open, setting("ATTACK_MQUEUE"), O_RDONLY | O_NONBLOCK, 0, 0));
}
