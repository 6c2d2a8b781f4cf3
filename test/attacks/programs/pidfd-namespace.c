// title: a namespace of a process outside, by a pidfd of it
// as: user
// event: none
#include "attack.h"
enum { PIDFD_GET_MNT_NAMESPACE = 0xff03 };
static void attack(void) {
  int p = NEED(syscall(SYS_pidfd_open, number("ATTACK_VICTIM"), 0));
  TRY(ioctl(p, PIDFD_GET_MNT_NAMESPACE, 0));
}
