// title: make a device node
// as: root
// event: syscall/mknodat broker
#include "attack.h"
static void attack(void) { TRY(mknod(in_scratch("granted/kmem"), S_IFCHR | 0600, (1 << 8) | 3)); }
