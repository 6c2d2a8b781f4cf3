// title: make a whiteout device by mknod
// as: both
// event: syscall/mknodat broker
#include "attack.h"
static void attack(void) { TRY(mknod(in_scratch("granted/white"), S_IFCHR | 0600, 0)); }
