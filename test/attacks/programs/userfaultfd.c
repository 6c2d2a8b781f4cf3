// title: open a userfaultfd: freezes a reader of memory
// as: both
// event: syscall/userfaultfd broker
#include "attack.h"
static void attack(void) { TRY(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */)); }
